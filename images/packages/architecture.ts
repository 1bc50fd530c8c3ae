// The processor architectures of kernels and guest programs.

/** As Debian names them. A guest's programs have the architecture of its kernel. */
export type Architecture = 'amd64' | 'i386';
