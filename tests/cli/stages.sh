#!/usr/bin/env bash
# Stage by stage, in shards and partitions, in any order, twice and at once: the bytes of one process.
. "$(dirname "$0")/lib.sh" "$@"

# More inputs, so that there are shards: the examples under several names.
mkdir "$work/in"
for i in 1 2 3 4; do
	cp "${archives[0]}" "$work/in/a$i.warc.gz"
	cp "${archives[1]}" "$work/in/b$i.warc.gz"
done
expect 0 - "$program" build "$work/in" -o "$work/whole" -j 2 --quiet --max-part-bytes 50K

corpus=$work/corpus
expect 0 - "$program" run plan "$work/in" -o "$corpus" --shards 8 --partitions 5 --max-part-bytes 50K
expect 0 '^extract *	0	8' "$program" run status --plan "$corpus"
expect 75 'stage extract is not complete: 8 of 8 missing' "$program" run df --plan "$corpus"
stage() { # STAGE UNITS: shards from the last to the first, the first one twice at once
	local i
	for ((i = $2 - 1; i >= 0; i--)); do
		expect 0 - "$program" run "$1" --plan "$corpus" --shard "$i/$2" -j 1 --quiet
	done
	expect 0 - "$program" run "$1" --plan "$corpus/.work/plan.json" --shard "0/$2" -j 1
}
for i in 7 6 5 4 3 1 0; do
	expect 0 - "$program" run extract --plan "$corpus" --shard "$i/8"
done
expect 75 'the first is shard 2' "$program" run hosts --plan "$corpus"
expect 0 'missing 2$' "$program" run status --plan "$corpus"
expect 0 - env SLURM_ARRAY_TASK_ID=2 "$program" run extract --plan "$corpus" --of 8
stage digests 1
stage hosts 1
stage df 1
stage sign 3
expect 75 'stage keys' "$program" run match --plan "$corpus" --shard 0/5
# A task of `keys` reads the signatures of its own shard and no others: with theirs blotted out it writes the same bytes.
head=88 mark=.work/keys-00005.run
expect 0 - "$program" run keys --plan "$corpus" --shard 5/8 -j 1
cp "$corpus/$mark" "$work/run-5"
mkdir "$work/kept"
for i in 0 1 2 3 4 6 7; do
	mv "$corpus/.work/signatures-0000$i" "$work/kept"
	{
		head -c "$head" "$work/kept/signatures-0000$i"
		tail -c +$((head + 1)) "$work/kept/signatures-0000$i" | tr '\0-\377' x
	} >"$corpus/.work/signatures-0000$i"
done
rm "$corpus/.work/keys-00005" "$corpus/$mark"
expect 0 - "$program" run keys --plan "$corpus" --shard 5/8 -j 1
cmp -s "$corpus/$mark" "$work/run-5" || fail "keys of a shard depend on the signatures of others"
mv -f "$work/kept/"* "$corpus/.work/"
# What it reads of them, their exact hashes, is checked.
cp "$corpus/.work/exact-00003" "$work/kept"
printf x | dd of="$corpus/.work/exact-00003" bs=1 seek=100 conv=notrunc 2>/dev/null
rm "$corpus/.work/keys-00005" "$corpus/$mark"
expect 65 'stage file exact-00003 is damaged' "$program" run keys --plan "$corpus" --shard 5/8
cp "$work/kept/exact-00003" "$corpus/.work/"
stage keys 8
expect 0 - "$program" run match --plan "$corpus" --shard 1/5
expect 75 'stage match' "$program" run cluster --plan "$corpus"
stage match 5
stage cluster 1
stage emit 2
expect 0 - "$program" run finish --plan "$corpus"
same_corpus "$work/whole" "$corpus"
expect 0 '^complete$' "$program" run status --plan "$corpus"
[ -e "$corpus/.work" ] && fail "the working folder is left"
expect 0 ' 0 findings' "$program" verify "$corpus"

# A task looks at the archives of its own shard and no others; one that has changed since is named.
expect 0 - "$program" run plan "$work/in" -o "$work/moved" --shards 8
mkdir "$work/away"
mv "$work/in/a1.warc.gz" "$work/in/b4.warc.gz" "$work/away"
expect 0 - "$program" run extract --plan "$work/moved" --shard 1/8
expect 0 '^extract *	1	8' "$program" run status --plan "$work/moved"
expect 64 'the input a1.warc.gz has changed or moved' "$program" run extract --plan "$work/moved" --shard 0/8
cp "$work/away/b4.warc.gz" "$work/in"
expect 64 'the input b4.warc.gz has changed or moved' "$program" run extract --plan "$work/moved" --shard 7/8
rm "$work/in/b4.warc.gz"
mv "$work/away/"* "$work/in"
expect 0 - "$program" run extract --plan "$work/moved"
sed -i 's/"state":"0 /"state":"7 /' "$work/moved/.work/plan.json"
expect 65 'what is stored of the input a1.warc.gz' "$program" run hosts --plan "$work/moved"

# Two tasks of one shard at once: one does it, the other says so or finds it done.
expect 0 - "$program" run plan "$work/in" -o "$work/twice" --shards 2
"$program" run extract --plan "$work/twice" --shard 0/2 >"$work/one" 2>&1 &
one=$!
two=0
"$program" run extract --plan "$work/twice" --shard 0/2 >"$work/two" 2>&1 || two=$?
code=0
wait "$one" || code=$?
case $code$two in
00 | 075 | 750) ;;
*) fail "two tasks of one shard end with $code and $two: $(cat "$work/one" "$work/two")" ;;
esac

# Another plan's files are refused.
expect 0 - "$program" run extract --plan "$work/twice"
expect 0 - "$program" run plan "$work/in" -o "$work/other" --shards 2 --min-words 3
cp "$work/twice/.work/"{spool-*,extract-0000?} "$work/other/.work/"
expect 75 'stage extract is not complete' "$program" run hosts --plan "$work/other"
expect 64 'holds no plan' "$program" run extract --plan "$work/in"
expect 64 'there is no stage' "$program" run frobnicate --plan "$work/twice"
expect 64 'from 0 to N-1' "$program" run extract --plan "$work/twice" --shard 2/2

finish
