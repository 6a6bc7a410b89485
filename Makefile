# The two commands: `make book` and `make test`. `make help` lists the rest.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help book test torture interrupt serve pdf lab results validation bench reproduce version release \
	check-release data lock clean

help:  ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

book: .venv/ready  ## execute what changed and build the book: _build/html/index.html
	@$(BIN)/python tools/build.py

test: .venv/ready  ## run everything that can fail: data, unit tests, every chapter, the pages
	@$(BIN)/python tools/build.py --all --frozen
	@BOOK_IS_BUILT=1 $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

torture: .venv/ready  ## spoil copies of the data in 2,600 ways and see that each is refused
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python tools/torture.py

interrupt: .venv/ready  ## kill 20 builds at random moments and see that the next one is right
	@INTERRUPTIONS=20 $(BIN)/python -m pytest -v tests/test_interrupted.py -k kill

serve: book  ## build the book and show it on http://localhost:8000 (PORT=...)
	@echo "book: http://localhost:$(PORT)/ (stop with Ctrl-C)"
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

pdf: book  ## print the whole book with this machine's Chromium: _build/pdf/book.pdf
	@$(BIN)/python tools/pdf.py

lab: .venv/ready  ## open the chapters in JupyterLab
	@$(BIN)/jupyter lab

results: .venv/ready  ## recompute the register: results/results.csv
	@$(BIN)/python -m adoption.results

validation: .venv/ready  ## redo the long computations behind the validation (about an hour)
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m adoption.validation

bench: .venv/ready  ## how time and memory grow with the number of bodies
	@$(BIN)/python tools/bench.py

data: .venv/ready  ## check the data package and renew its checksums: data/datapackage.json
	@$(BIN)/python -m adoption.data

reproduce: .venv/ready  ## build twice from clean clones and compare every byte
	@$(BIN)/python tools/reproduce.py

version: .venv/ready  ## start a version: make version VERSION=0.2.0
	@$(BIN)/python tools/release.py version "$(VERSION)"

release: .venv/ready  ## test everything, and make the files of a release: _build/release
	@$(BIN)/python tools/release.py make

check-release: .venv/ready  ## verify a downloaded one: make check-release FILE=manifest.json
	@$(BIN)/python tools/release.py check "$(FILE)"

lock: .venv/ready  ## renew requirements.txt from requirements.in
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --upgrade --output-file requirements.txt requirements.in
	@echo "lock: requirements.txt"

clean:  ## remove what was built (the environment stays: remove .venv to set it up anew)
	rm -rf _build .hypothesis

.venv/ready: requirements.txt pyproject.toml tools/setup.py
	@"$(PYTHON)" tools/setup.py
