#!/bin/sh
# Build the committed book twice, from clean clones in different surroundings, and compare every
# byte. Digest of the pages: promised for the same commit, lock and minor version of Python.
# --offline: the second time without network, once its packages are installed (Linux).
set -eu
[ -z "$(git status --porcelain)" ] || echo "reproduce: uncommitted changes are not part of what is built"
parent=$(mktemp -d)
build() { # folder, umask, time zone, language, hash seed, command before make
  git clone --quiet --no-hardlinks . "$parent/$1"
  mkdir "$parent/home-$2"
  (cd "$parent/$1" && umask "$2" && export HOME="$parent/home-$2" TZ="$3" LC_ALL="$4" PYTHONHASHSEED="$5" \
    && unset PYTHONPATH && echo "reproduce: building in '$1'" \
    && make -s PYTHON="$python" .venv/ready && $6 make -s PYTHON="$python" book)
}
python=$(.venv/bin/python -c 'import sys; print(sys._base_executable)')
alone=${1:+"sh $PWD/tools/offline.sh"}
[ -z "$alone" ] || $alone true # said at once, and not after the first build
build one 022 UTC C.UTF-8 1 ""
build "another folder/with a longer name" 077 Asia/Tokyo POSIX 2 "$alone"
if ! diff -r "$parent/one/_build/html" "$parent/another folder/with a longer name/_build/html"; then
  echo "reproduce: the two builds differ; they are in $parent" >&2
  exit 1
fi
sum=sha256sum
command -v sha256sum > /dev/null || sum="shasum -a 256"
digest=$(cd "$parent/one/_build/html" && find . -type f -exec $sum {} + | LC_ALL=C sort -k 2 | $sum)
echo "reproduce: the same bytes twice, $("$python" -V): ${digest% *}"
rm -rf "$parent"
