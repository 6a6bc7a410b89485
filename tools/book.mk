# The steps of a build. tools/build.py starts them, and says by their contents what there is:
#   BOOK      digest of all sources             COMMON  of those that every chapter reads
#   EXECUTED  the executed chapters, each with the digest of what it was made from in its name
#   CHECK     --check where the register has to be as it is
#   MAY_FAIL  the chapters that may need what is not in the register yet
#   JA        -ja where the Japanese edition is made too
#   BIN, EPOCH  folder of the programs; date of the release, for what is dated
SOURCE := .book/source
STAGE := .book/stage
STALE := $(filter-out $(wildcard $(EXECUTED)),$(EXECUTED))

# The same answer wherever and whenever the build runs.
export PYTHONHASHSEED := 0
export TZ := UTC
export LC_ALL := C.UTF-8
export SOURCE_DATE_EPOCH := $(EPOCH)
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export PYDEVD_DISABLE_FILE_VALIDATION := 1
export PYTHONDONTWRITEBYTECODE :=
export IPYTHONDIR := $(CURDIR)/.book/ipython
export PYTHONPATH := $(CURDIR)/$(SOURCE)
export BOOK_JA := $(JA)

.PHONY: published pages stage collected execute

published: pages
	@"$(BIN)/python" tools/build.py publish $(BOOK)

pages: .book/collected-$(BOOK) stage
	@echo "book: writing the pages"
	@"$(BIN)/python" tools/build.py forget
	@build() { "$(BIN)/jupyter-book" build $(STAGE)$$1 --path-output .book/sphinx$$1 -W -n --keep-going -q \
			> .book/pages$$1.log 2>&1 || "$(BIN)/python" tools/build.py explain .book/pages$$1.log; }; \
		$(if $(JA),build $(JA) & other=$$!;) build && $(if $(JA),wait $$other,true)

# The sources with the executed chapters: what the register is collected from and pages are made of.
stage: $(EXECUTED)
	@rm -rf $(STAGE)
	@cp -R $(SOURCE) $(STAGE)
	@sed 's/execute_notebooks: auto/execute_notebooks: "off"/' $(SOURCE)/_config.yml > $(STAGE)/_config.yml
	@$(if $(JA),rm -rf $(STAGE)$(JA) && cp -R $(STAGE) $(STAGE)$(JA) \
		&& sed 's/language: en/language: $(JA:-%=%)/' $(STAGE)/_config.yml > $(STAGE)$(JA)/_config.yml)
	@for file in $(patsubst .book/executed/%,%,$(EXECUTED)); do for edition in "" $(JA); do \
		! test -e .book/executed$$edition/$$file \
		|| cp .book/executed$$edition/$$file $(STAGE)$$edition/$${file%.*.ipynb}.ipynb || exit; done; done

# A register that changed is another book, and what reads it is executed again.
collected: .book/collected-$(BOOK)
.book/collected-$(BOOK): $(EXECUTED) | stage
	@"$(BIN)/python" -P -m adoption.register $(STAGE) $(CHECK) $(addprefix --keep ,$(MAY_FAIL))
	@if cmp -s $(SOURCE)/results/results.csv $(STAGE)/results/results.csv; then \
		rm -f .book/collected-*; ! ls $(EXECUTED) > /dev/null 2>&1 || touch $@; \
	else \
		cp $(SOURCE)/results/results.csv results/results.csv.partial; \
		mv results/results.csv.partial results/results.csv; \
	fi

ifneq ($(STALE),)
$(STALE): execute ;
endif
execute: .book/data-$(COMMON)
	@mkdir -p .book/ipython/profile_default
	@echo "get_config().HistoryManager.enabled = False" > .book/ipython/profile_default/ipython_config.py
	@"$(BIN)/python" tools/build.py execute "$(MAY_FAIL)" $(STALE)

# The tables are read strictly before anything is computed from them.
.book/data-$(COMMON):
	@"$(BIN)/python" tools/build.py tables
	@rm -f .book/data-*; touch $@
