/* machine: what a result was measured on. */
#include "bench/measure.h"

#include "dedup/dedup.h"
#include "extract/extract.h"

#ifdef BENCH_HAVE_LIBXML2
#include <libxml/xmlversion.h>
#endif
#ifdef BENCH_HAVE_MYHTML
#include <myhtml/api.h>
#endif

#include <libdeflate.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

/* The value after "KEY ... : " in a /proc file, or "". */
static void proc_value(const char *path, const char *key, char *out, size_t size)
{
	char line[512];
	FILE *file = fopen(path, "re");
	out[0] = '\0';
	while (file && !out[0] && fgets(line, sizeof line, file)) {
		char *colon = strchr(line, ':');
		if (strncmp(line, key, strlen(key)) != 0 || !colon)
			continue;
		struct span value = span_trim(span_of(colon + 1));
		snprintf(out, size, "%.*s", SPAN_ARG(value));
	}
	if (file)
		fclose(file);
}

/* PRETTY_NAME of os-release(5), or "". */
static void release_name(char *out, size_t size)
{
	char line[512];
	FILE *file = fopen("/etc/os-release", "re");
	out[0] = '\0';
	while (file && fgets(line, sizeof line, file)) {
		struct span rest = span_trim(span_of(line)), name;
		if (!span_cut(&rest, '=', &name) || !span_equal(name, SPAN("PRETTY_NAME")))
			continue;
		bool quoted = rest.size >= 2 && rest.data[0] == '"';
		snprintf(out, size, "%.*s", SPAN_ARG(quoted ? span_slice(rest, 1, rest.size - 2) : rest));
	}
	if (file)
		fclose(file);
}

/* Of the libraries as they were when this was built; gumbo's headers do not say, so its comes from pkg-config. */
static void put_parser_versions(struct json_writer *json)
{
#ifdef BENCH_GUMBO_VERSION
	json_put_text(json, "gumbo", SPAN(BENCH_GUMBO_VERSION));
#endif
#ifdef BENCH_HAVE_LIBXML2
	json_put_text(json, "libxml2", SPAN(LIBXML_DOTTED_VERSION));
#endif
#ifdef BENCH_HAVE_MYHTML
	json_put_text(json, "myhtml", SPAN(MyHTML_VERSION_STRING));
#endif
	(void)json;
}

void machine_json(struct json_writer *json)
{
	char text[256];
	struct utsname system;
	json_key(json, "machine");
	json_begin(json, '{');
	proc_value("/proc/cpuinfo", "model name", text, sizeof text);
	json_put_text(json, "processor", span_of(text));
	proc_value("/proc/cpuinfo", "cache size", text, sizeof text);
	json_put_text(json, "cache", span_of(text));
	proc_value("/proc/meminfo", "MemTotal", text, sizeof text);
	json_put_text(json, "memory", span_of(text));
	json_put_uint(json, "processors", (uint64_t)sysconf(_SC_NPROCESSORS_ONLN));
	if (uname(&system) == 0) {
		json_put_text(json, "architecture", span_of(system.machine));
		json_put_text(json, "kernel", span_of(system.release));
	}
	release_name(text, sizeof text);
	json_put_text(json, "system", span_of(text));
	double load[3];
	if (getloadavg(load, 3) == 3) {
		json_key(json, "load");
		json_real(json, load[0], 2);
	}
	json_end(json, '}');
	json_key(json, "versions");
	json_begin(json, '{');
	json_put_text(json, "warcmill", SPAN(WARCMILL_VERSION));
#if defined(__clang__)
	json_put_text(json, "compiler", SPAN("clang " __clang_version__));
#else
	json_put_text(json, "compiler", SPAN("gcc " __VERSION__));
#endif
#ifdef BENCH_FLAGS
	json_put_text(json, "flags", SPAN(BENCH_FLAGS));
#endif
	put_parser_versions(json);
	json_put_text(json, "zlib", span_of(zlibVersion()));
	json_put_text(json, "libdeflate", SPAN(LIBDEFLATE_VERSION_STRING));
	json_put_text(json, "zstd", span_of(ZSTD_versionString()));
	json_end(json, '}');
}
