#!/bin/sh
# The built book once more by Sphinx alone, in versions that Jupyter Book 1 does not know: _build/plain.
set -eu
plain=.book/plain
[ -d .book/stage ] || make --silent book
rm -rf "$plain" _build/plain
mkdir -p "$plain"
.venv/bin/uv venv --quiet --python .venv/bin/python "$plain/venv"
.venv/bin/uv pip install --quiet --python "$plain/venv" -e . matplotlib-fontja xlsxwriter \
  sphinx==9.0.4 sphinx-book-theme==1.4.0 myst-nb==1.4.0 sphinx-copybutton sphinx-design sphinx-external-toc \
  sphinx-multitoc-numbering sphinx-thebe sphinx-togglebutton sphinxcontrib-bibtex
for edition in "" -ja; do
  source=$plain/source$edition
  cp -R ".book/stage$edition" "$source"
  # Its settings are Jupyter Book's, without what is Jupyter Book.
  .venv/bin/jupyter-book config sphinx "$source" > /dev/null
  sed -E -i.old "s/'(jupyter_book|sphinx_comments|sphinx_jupyterbook_latex)', //g" "$source/conf.py"
  rm "$source/conf.py.old"
  BOOK_JA=-ja PYTHONPATH="$source:$source/_ext" SOURCE_DATE_EPOCH=0 \
    "$plain/venv/bin/python" -P -m sphinx -q -n -W --keep-going "$source" "_build/plain${edition:+/ja}"
done
echo "plain: _build/plain/index.html"
