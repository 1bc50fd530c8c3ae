# Works on a fresh Debian 12 or later with Node 20.19 or later, as root or as an ordinary user. `make help` lists the targets.
# ARGS has options for demo and setup: make demo ARGS='--kernel 7.3-cloud'

.POSIX:
.PHONY: help demo test setup clean

vmmci = node dist/harness/cli/main.js

help:
	@echo 'make demo    set up what is missing, then show a guest that reads the host clock (ARGS=… for options)'
	@echo 'make test    set up what is missing, then run all tests'
	@echo 'make setup   only set up'
	@echo 'make clean   remove what was compiled and recorded here; the cache stays'

demo: prepare
	@$(vmmci) demo $(ARGS)

test: prepare
	@npm test

setup: prepare
	@$(vmmci) setup $(ARGS)

.PHONY: prepare
prepare:
	@images/toolroot/prepare-host.sh

clean:
	rm -rf dist runs .tap
