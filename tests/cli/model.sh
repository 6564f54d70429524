#!/usr/bin/env bash
# build --model: a model of the user's own decides, goes with the corpus, and is asked for again where texts are made again.
. "$(dirname "$0")/lib.sh" "$@"

# The built-in model as a file, and one that holds every block for the article: its table of probabilities is all 255.
perl -ne 'print pack("C*", /[0-9]+/g) if /^[0-9,]+$/' "$source_root/extract/model_tables.c" >"$work/same.model"
perl -0777 -pe 'substr($_, 20, 512) = "\xff" x 512' "$work/same.model" >"$work/all.model"
plain=$work/plain same=$work/same all=$work/all
build=("$program" build "${archives[@]}" --quiet --compress none)

expect 0 - "${build[@]}" -o "$plain"
expect 0 - "${build[@]}" -o "$same" --model "$work/same.model"
expect 0 - "${build[@]}" -o "$all" --model "$work/all.model"
[ ! -e "$plain/tables/article.model" ] || fail "the built-in model goes with a corpus"
cmp -s "$work/all.model" "$all/tables/article.model" || fail "the model does not go with its corpus"
diff -r "$plain/documents" "$same/documents" >/dev/null || fail "the built-in model as a file decides otherwise"
! diff -r "$plain/documents" "$all/documents" >/dev/null || fail "the model decides nothing"
article() { sed -n 's/.*"article":"\([^"]*\)".*/\1/p' "$1/manifest.json" | head -1; }
[ "$(article "$plain")" = "$(article "$same")" ] || fail "the same model has two names"
[ "$(article "$plain")" != "$(article "$all")" ] || fail "two models have one name"
expect 0 "^article $(article "$plain")\$" "$program" --version

# What was made with it is compared with it.
expect 64 'made by .* with 1-' "${build[@]}" -o "$all"
expect 64 'made by .* with 1-' "${build[@]}" -o "$plain" --model "$work/all.model"
mv "$work/all.model" "$work/moved.model"
expect 0 ' 0 findings' "$program" verify "$all"
expect 0 - "$program" build "${archives[@]}" --from-manifest "$all/manifest.json" -o "$work/again" --quiet
same_corpus "$all" "$work/again"

# Stage by stage, as on a cluster.
expect 0 - "$program" run plan "${archives[@]}" -o "$work/staged" --compress none --model "$work/moved.model" --shards 2
for stage in $("$program" run status --plan "$work/staged" | cut -f1 | tr -d ' '); do
	expect 0 - "$program" run "$stage" --plan "$work/staged" --shard 0/1
done
same_corpus "$all" "$work/staged"

# Files that are none.
head -c 5000 "$work/same.model" >"$work/cut.model"
printf 'a line of text that is no model\n' >"$work/text.model"
expect 65 '--model .*cut.model: the model is damaged' "${build[@]}" -o "$work/x" --model "$work/cut.model"
expect 65 '--model .*text.model: this is not an article model' "${build[@]}" -o "$work/x" --model "$work/text.model"
expect 64 '--model .*none.model' "${build[@]}" -o "$work/x" --model "$work/none.model"
[ ! -e "$work/x" ] || fail "a folder was made for a model that is none"
finish
