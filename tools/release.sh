#!/bin/sh
#   sh tools/release.sh version 0.2.0   write the version where it stands, store its register
#   sh tools/release.sh make            test, and put the files of a release into _build/release:
#                                       pages, data with the register, source, environment, what is
#                                       what as an RO-Crate, SHA256SUMS, and the PDF where a browser
#                                       is found
set -eu
stop() { echo "release: $*" >&2; exit 1; }
is_last() { # version: none after it is tagged or stored
  newest=$( (git tag --list 'v*' | sed 's/^v//'; ls results/released | sed 's/\.csv$//'; echo "$1") \
    | sort -t . -k 1,1n -k 2,2n -k 3,3n | tail -1)
  [ "$newest" = "$1" ] || stop "found version $1, expected none before $newest"
}

if [ "$1" = version ]; then
  version=$2
  echo "$version" | grep -Eqx '(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){2}' || stop "found version '$version', expected one like 1.2.3"
  is_last "$version"
  ! git rev-parse -q --verify "refs/tags/v$version" > /dev/null || stop "version $version was released as v$version"
  sed -i.old -e "s/^version: .*/version: $version/" -e "s/^date-released: .*/date-released: $(date +%Y-%m-%d)/" CITATION.cff
  sed -i.old "s/^version = \".*\"/version = \"$version\"/" pyproject.toml
  sed -i.old "s/^## $version (in preparation)/## $version ($(date +%Y-%m-%d))/" CHANGELOG.md
  rm CITATION.cff.old pyproject.toml.old CHANGELOG.md.old
  cp results/results.csv "results/released/$version.csv"
  echo "release: version $version stands in CITATION.cff and pyproject.toml, its register in results/released. See that CHANGELOG.md has its section, and commit them"
  exit
fi

clean() {
  changed=$(git status --porcelain)
  [ -z "$changed" ] || stop "found uncommitted changes, expected none: $changed"
  [ "$commit" = "$(git rev-parse HEAD)" ] || stop "another commit was checked out while the tests ran"
}
commit=$(git rev-parse HEAD)
clean
version=$(sed -n 's/^version: *//p' CITATION.cff)
grep -q "^version = \"$version\"\$" pyproject.toml || stop "pyproject.toml: found another version than $version, which CITATION.cff has"
section="## $version ($(sed -n 's/^date-released: *//p' CITATION.cff))"
[ "$(grep '^## ' CHANGELOG.md | head -1)" = "$section" ] || stop "CHANGELOG.md: found $(grep '^## ' CHANGELOG.md | head -1) at the top, expected $section"
is_last "$version"
tagged=$(git rev-parse -q --verify "refs/tags/v$version^{commit}" || true)
[ "${tagged:-$commit}" = "$commit" ] || stop "version $version was released as v$version from another commit: make version VERSION=..."
cmp -s results/results.csv "results/released/$version.csv" || stop "results/released/$version.csv: found another register, or none, expected that of this version: make version VERSION=$version"
browser=0
.venv/bin/python tools/pdf.py --find || browser=$?
[ "$browser" -eq 3 ] || { [ "$browser" -eq 0 ] && make --silent .venv/driver; } || exit 1

make --silent test || stop "a test failed; the reason stands above"
clean
name=local-government-ai-rpa-$version
out=_build/release
rm -rf "$out"
mkdir -p "$out/$name-html"
cp _build/html/data/everything.zip "$out/$name-data.zip"
git archive --format zip --prefix "$name/" --output "$out/$name-source.zip" HEAD
cp -R _build/html/. "$out/$name-html"
# An archive whose bytes depend on names and contents alone.
find "$out/$name-html" -exec touch -t 198001010000 {} +
chmod -R u=rwX,go=rX "$out/$name-html"
TZ=UTC .venv/bin/python -c 'import shutil, sys; shutil.make_archive(sys.argv[1], "zip", *sys.argv[2:])' \
  "$out/$name-html" "$out" "$name-html"
rm -r "${out:?}/$name-html"
cp requirements.txt "$out/$name-requirements.txt"
if [ "$browser" -eq 0 ]; then
  make --silent pdf
  for pdf in _build/pdf/book*.pdf; do
    cp "$pdf" "$out/$name${pdf#_build/pdf/book}"
  done
else
  echo "release: no PDF, since no Chromium or Chrome was found"
fi
.venv/bin/python tools/crate.py "$out"
sum=sha256sum
command -v $sum > /dev/null || sum="shasum -a 256"
cd "$out"
$sum ./* > ../SHA256SUMS
mv ../SHA256SUMS .
$sum -c SHA256SUMS
