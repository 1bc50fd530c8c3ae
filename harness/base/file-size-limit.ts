// Makes a write beyond the limit of file sizes (`ulimit -f`) fail with EFBIG: by default, SIGXFSZ ends the
// process, without a message and with its temporary files left behind (setrlimit(2)).

process.on('SIGXFSZ', () => {});
