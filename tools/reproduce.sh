#!/bin/sh
# Build the committed book here, and in a clean clone in other surroundings, and compare every byte.
# Digest of the pages: promised for the same commit, lock and minor version of Python.
# --offline: the clone's without network, once its packages are installed (Linux).
set -eu
[ -z "$(git status --porcelain)" ] || echo "reproduce: uncommitted changes are not in the clone, and make a difference"
parent=$(mktemp -d)
other="$parent/another folder/with a longer name"
python=$(.venv/bin/python -c 'import sys; print(sys._base_executable)')
alone=${1:+"sh $PWD/tools/offline.sh"}
[ -z "$alone" ] || $alone true # said at once, and not after the first build
make -s book
git clone --quiet --no-hardlinks . "$other"
mkdir "$parent/home"
(cd "$other" && umask 077 && export HOME="$parent/home" TZ=Asia/Tokyo LC_ALL=POSIX PYTHONHASHSEED=2 \
  && unset PYTHONPATH && echo "reproduce: building in a clean clone" \
  && make -s PYTHON="$python" .venv/ready && $alone make -s PYTHON="$python" book)
if ! diff -r _build/html "$other/_build/html"; then
  echo "reproduce: the two builds differ; the clone's is in $other" >&2
  exit 1
fi
sum=sha256sum
command -v sha256sum > /dev/null || sum="shasum -a 256"
digest=$(cd _build/html && find . -type f -exec $sum {} + | LC_ALL=C sort -k 2 | $sum)
echo "reproduce: the same bytes twice, $("$python" -V): ${digest% *}"
rm -rf "$parent"
