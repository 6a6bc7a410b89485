# The two commands: `make book` and `make test`. `make help` lists the rest.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
FILE ?= _build/release/SHA256SUMS
SHA256 := $(shell command -v sha256sum || echo shasum -a 256)

.DEFAULT_GOAL := help
.PHONY: help book test torture interrupt serve pdf plain lab validation bench reproduce version \
	release check-release translations data lock clean

help:  ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

book: .venv/ready  ## execute what changed and build the book: _build/html/index.html
	@$(BIN)/python tools/build.py

test: .venv/ready  ## run everything that can fail: data, unit tests, every chapter, the pages
	@$(BIN)/ruff format --check && $(BIN)/ruff check --quiet
	@# The gate has built and checked the book already, when it compared two builds.
	@test -n "$$BOOK_IS_BUILT" || $(BIN)/python tools/build.py --check
	@BOOK_IS_BUILT=1 $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal

torture: .venv/ready  ## spoil copies of the data in 2,600 ways and see that each is refused
	@TORTURE=2600 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n auto tests/test_torture.py

interrupt: .venv/ready  ## kill 20 builds at random moments and see that the next one is right
	@INTERRUPTIONS=20 $(BIN)/python -m pytest -v tests/test_interrupted.py -k kill

serve: book  ## build the book and show it on http://localhost:8000 (PORT=...)
	@$(BIN)/python tools/build.py serve "$(PORT)"

pdf: book .venv/driver  ## print both editions with this machine's Chromium: _build/pdf/book.pdf, book.ja.pdf
	@$(BIN)/python tools/pdf.py

lab: .venv/ready  ## open the chapters in JupyterLab
	@$(BIN)/jupyter lab

validation: .venv/ready  ## redo the long computations behind the validation (about an hour)
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python data/builders/build_stored.py

bench: .venv/ready  ## how time and memory grow with the number of bodies
	@$(BIN)/python tools/bench.py

translations: .venv/ready  ## bring new sentences into locale/ja, and say what is to be translated
	@$(BIN)/python tools/translations.py update

data: .venv/ready  ## check the data package and renew its checksums: data/datapackage.json
	@$(BIN)/python -m adoption.data

plain: book  ## build the pages by newer Sphinx without Jupyter Book: _build/plain
	@sh tools/plain.sh
	@PLAIN=1 $(BIN)/python -m pytest -q tests/test_plain.py

reproduce: .venv/ready  ## build here and in a clean clone, and compare every byte
	@sh tools/reproduce.sh

version:  ## start a version: make version VERSION=0.2.0
	@sh tools/release.sh version "$(VERSION)"

release: .venv/ready  ## test everything, and make the files of a release: _build/release
	@sh tools/release.sh make

check-release:  ## verify downloaded files: make check-release FILE=path/to/SHA256SUMS
	@test -f "$(FILE)" || { echo "check-release: found no file $(FILE), expected the SHA256SUMS of a release:" \
		"make check-release FILE=path/to/SHA256SUMS" >&2; exit 1; }
	@cd "$(dir $(FILE))" && $(SHA256) -c "$(notdir $(FILE))"

lock: .venv/ready  ## pin what requirements.in asks for: requirements.txt (UPGRADE=1: the newest)
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-strip-extras $(if $(UPGRADE),--upgrade) \
		--output-file requirements.txt requirements.in
	@# pip before 24 takes a package and the same package with an extra for two: both are pinned.
	@awk '{print} /^[^ \#]*\[.*==/ {copy = 1; sub(/\[[^]]*\]/, "")} \
		copy {held = held $$0 "\n"; if (!/\\$$/) {printf "%s", held; held = ""; copy = 0}}' \
		requirements.txt > requirements.partial && mv requirements.partial requirements.txt
	@echo "lock: requirements.txt"

# What drives a browser is no part of the lock: it is 180 MB, and no page needs it.
.venv/driver: .venv/ready
	@$(BIN)/python -m pip install -q --disable-pip-version-check playwright==1.65.2 axe-playwright-python==0.1.8
	@touch $@

clean:  ## remove what was built (the environment stays: remove .venv to set it up anew)
	rm -rf _build .book

.venv/ready: requirements.txt pyproject.toml tools/setup.py
	@"$(PYTHON)" tools/setup.py
