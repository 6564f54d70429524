/* metadata_reporter: by-lines of Chinese pages. They stand among other labels in one line, in brackets behind the first
 * words or the last of the text, or alone, and nothing divides a label from a name or the name from what follows: a
 * name is two to four ideographs between a label and something that ends a name. */
#include "base/bytes8.h"
#include "extract/metadata_internal.h"

enum { NAME_LEAST = 2, NAME_MOST = 4, NAMES_MOST = 8, EDGE = 150 /* bytes at either end of a long text */ };

static bool is_han(uint32_t code)
{
	return (code >= 0x4E00 && code <= 0x9FFF) || (code >= 0x3400 && code <= 0x4DBF);
}

static bool starts_any(struct span text, const char *const *rows)
{
	for (; *rows; rows++)
		if (span_starts(text, span_of(*rows)))
			return true;
	return false;
}

static struct span skip_any(struct span text, const char *const *rows)
{
	for (size_t i = 0; rows[i]; i++)
		if (span_starts(text, span_of(rows[i]))) {
			text = span_slice(text, strlen(rows[i]), SIZE_MAX);
			i = SIZE_MAX; /* from the first again */
		}
	return text;
}

static const char *const blanks[] = {" ", "\n", "\t", "\r", "\xC2\xA0", "\xE2\x80\x82", "\xE2\x80\x83", "　", NULL};
static const char *const colons[] = {":", "：", NULL};
static const char *const places[] = {"报道", "報道", "報導", "报导", NULL}; /* what stands before may be a place */
static const char *const tails[] = {"报道",   "報道",   "報導", "报导", "发自", "發自",
				    "通讯员", "通訊員", "实习", "摄",   "攝",   NULL};
static const char *const joints[] = {"、", "，", ",", "；", ";", NULL};
static const char *const ends[] = {"）", ")", "】", "]", "/", "／", "|", "｜", "<", NULL};
/* Said of what reporters did, and other labels. */
static const char *const no_names[] = {"近日", "昨日", "今日", "日前", "昨天", "今天", "获悉", "獲悉", "了解", "采访",
				       "採訪", "注意", "发现", "發現", "来源", "來源", "编辑", "編輯", "责任", "責任",
				       "时间", "時間", "表示", "从",   "在",   "對",   "对",   "问",   "問",   "调查",
				       "調查", "讲述", "博客", "手记", "图片", "组图", "圖片", "節選", "节选", "高清",
				       "韩国", "未完", "完",   "图",   "明星", NULL};

/* Bytes of the name that TEXT starts with; 0 where it is none. */
static size_t name_size(struct span text)
{
	const char *at = text.data, *end = at + text.size;
	unsigned count = 0;
	if (starts_any(text, no_names))
		return 0;
	while (at < end) {
		const char *next = at;
		if (!is_han(utf8_next(&next, end)))
			break;
		if (count >= NAME_LEAST && starts_any((struct span){at, (size_t)(end - at)}, tails))
			break;
		if (++count > NAME_MOST)
			return 0;
		at = next;
	}
	return count >= NAME_LEAST ? (size_t)(at - text.data) : 0;
}

/* The names that TEXT starts with, joined for author_names; SPAN_NONE where what follows shows that they are none. */
static struct span names_at(struct arena *arena, struct span text)
{
	struct span found = SPAN_NONE;
	bool apart = true;
	for (unsigned n = 0; n < NAMES_MOST; n++) {
		size_t size = name_size(text);
		struct span name = span_slice(text, 0, size), rest = span_slice(text, size, SIZE_MAX);
		if (!size || (found.size && starts_any(rest, places)))
			break;
		found = found.size ? arena_print(arena, "%.*s、%.*s", SPAN_ARG(found), SPAN_ARG(name)) : name;
		text = skip_any(rest, blanks);
		apart = text.size < rest.size;
		struct span joined = skip_any(text, joints);
		if (joined.size == text.size ? !apart : !name_size(skip_any(joined, blanks)))
			break;
		text = skip_any(joined, blanks);
	}
	bool over = !text.size || apart || starts_any(text, ends) || starts_any(text, tails);
	return over ? found : SPAN_NONE;
}

/* The commonest family names. Where nothing divides a label from what follows, and in brackets without a label, too
 * many other words follow. */
static bool starts_surname(struct span text)
{
	static const char surnames[] = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋"
				       "余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石"
				       "金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常"
				       "汤康易乔赖文葛庞樊兰殷施洪"
				       "張劉陳楊黃趙吳孫馬羅鄭謝許韓鄧馮蕭葉蘇呂盧鍾薑譚陸賈龍賀顧龔萬錢戴嚴湯喬賴龐蘭";
	for (size_t i = 0; i + 3 < sizeof surnames; i += 3)
		if (span_starts(text, (struct span){surnames + i, 3}))
			return true;
	return false;
}

static struct span find_label(struct arena *arena, struct span text, enum metadata_source *source)
{
	static const struct {
		const char *label;
		bool colon; /* must follow */
		enum metadata_source source;
	} rows[] = {{"作者", true, AUTHOR_REPORTER},  {"记者", false, AUTHOR_REPORTER},
		    {"記者", false, AUTHOR_REPORTER}, {"执笔人", true, AUTHOR_REPORTER},
		    {"执笔", true, AUTHOR_REPORTER},  {"文", true, AUTHOR_REPORTER},
		    {"编辑", true, AUTHOR_EDITOR},    {"編輯", true, AUTHOR_EDITOR}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct span label = span_of(rows[i].label), rest = text;
		for (size_t at; (at = span_find(rest, label)) != SIZE_MAX;) {
			rest = span_slice(rest, at + label.size, SIZE_MAX);
			struct span after = skip_any(rest, blanks), behind = skip_any(after, colons);
			if (rows[i].colon && behind.size == after.size)
				continue;
			if (behind.size == rest.size && !starts_surname(rest))
				continue;
			struct span names = names_at(arena, skip_any(behind, blanks));
			*source = rows[i].source;
			if (names.size)
				return names;
		}
	}
	return SPAN_NONE;
}

/* "(NAME NAME)" as the last of a text. */
static struct span find_bracket(struct arena *arena, struct span text)
{
	text = span_trim(text);
	bool wide = span_ends(text, SPAN("）"));
	if (!wide && !span_ends(text, SPAN(")")))
		return SPAN_NONE;
	for (size_t i = text.size; i--;)
		if (span_starts(span_slice(text, i, SIZE_MAX), wide ? SPAN("（") : SPAN("("))) {
			struct span inner = skip_any(span_slice(text, i + (wide ? 3 : 1), SIZE_MAX), blanks);
			return starts_surname(inner) ? names_at(arena, inner) : SPAN_NONE;
		}
	return SPAN_NONE;
}

/* The lead bytes of what labels and ideographs begin with. */
static bool may_be_chinese(struct span text)
{
	for (size_t i = 0; i < text.size; i += 8) {
		uint64_t bytes = bytes8_at(text.data, i, text.size);
		if (bytes & BYTES8_HIGH && bytes8_from(bytes, 0xE4) & ~bytes8_from(bytes, 0xEA))
			return true;
	}
	return false;
}

struct span metadata_reporter(struct arena *arena, struct span text, enum metadata_source *source)
{
	if (!may_be_chinese(text))
		return SPAN_NONE;
	struct span last = span_slice(text, text.size > EDGE ? text.size - EDGE : 0, EDGE);
	struct span found = find_label(arena, text.size > 2 * EDGE ? span_slice(text, 0, EDGE) : text, source);
	if (!found.size && text.size > 2 * EDGE)
		found = find_label(arena, last, source);
	if (!found.size) {
		*source = AUTHOR_BRACKET;
		found = find_bracket(arena, last);
	}
	return found;
}
