export const summary = 'x';
export const run = async (): Promise<number> => 0;
