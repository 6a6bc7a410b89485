#!/bin/sh
# Make the files of a release in _build/release: the pages, the PDF where a browser is found, the
# data package with the register, and SHA256SUMS. Run by `make release`, with the version before it.
set -eu
stop() { echo "release: $*" >&2; exit 1; }
clean() {
  changed=$(git status --porcelain)
  [ -z "$changed" ] || stop "found uncommitted changes, expected none: $changed"
  [ "$commit" = "$(git rev-parse HEAD)" ] || stop "another commit was checked out while the tests ran"
}
sum=sha256sum
command -v sha256sum > /dev/null || sum="shasum -a 256"
commit=$(git rev-parse HEAD)
clean

# One version, in four places, that was not released before.
version=$(sed -n 's/^version: *//p' CITATION.cff)
grep -q "^version = \"$version\"\$" pyproject.toml || stop "pyproject.toml: found another version than $version, which CITATION.cff has"
[ "$(sed -n 's/^## \([^ ]*\).*/\1/p' CHANGELOG.md | head -1)" = "$version" ] || stop "CHANGELOG.md: found no section for $version at the top"
tagged=$(git rev-parse -q --verify "refs/tags/v$version^{commit}" || true)
[ "${tagged:-$commit}" = "$commit" ] || stop "version $version was released as v$version from another commit: make version VERSION=..."
stored=results/released/$version.csv
cmp -s results/results.csv "$stored" || stop "$stored: found another register, or none, expected that of this version: make version VERSION=$version"
newest=$( (git tag --list 'v*' | sed 's/^v//'; ls results/released | sed 's/\.csv$//'; echo "$version") | sort -t . -k 1,1n -k 2,2n -k 3,3n | tail -1)
[ "$newest" = "$version" ] || stop "found version $version, expected one after $newest"

make --silent test || stop "a test failed; the reason stands above"
clean
name=local-government-ai-rpa-$version
out=_build/release
rm -rf "$out"
mkdir -p "$out/$name-html" "$out/$name-data/results"
cp -R _build/html/. "$out/$name-html"
cp data/*.csv data/datapackage.json "$out/$name-data"
cp results/*.csv "$out/$name-data/results"
# Archives whose bytes depend on names and contents alone.
find "$out" -exec touch -t 198001010000 {} +
chmod -R u=rwX,go=rX "$out"
for part in html data; do
  TZ=UTC .venv/bin/python -c 'import shutil, sys; shutil.make_archive(sys.argv[1], "zip", *sys.argv[2:])' \
    "$out/$name-$part" "$out" "$name-$part"
  rm -r "${out:?}/$name-$part"
done
if .venv/bin/python tools/pdf.py --find; then
  make --silent pdf
  cp _build/pdf/book.pdf "$out/$name.pdf"
else
  echo "release: no PDF, since no Chromium or Chrome was found"
fi
(cd "$out" && $sum "$name"* > SHA256SUMS && $sum -c SHA256SUMS)
