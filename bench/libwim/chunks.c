/*
 * chunks: makes and times chunk files with libwim's public API.
 *
 *   chunks compress CODEC CHUNK_SIZE INPUT OUTPUT
 *   chunks time FILE SECONDS
 *   chunks pack CODEC CHUNK_SIZE LEVEL INPUT SECONDS
 *   chunks version
 *
 * compress cuts INPUT into chunks and writes those that get smaller (a WIM
 * stores the others raw) to a chunk file, together with the original bytes.
 * time decompresses all chunks of a file, compares them with the original, then
 * decompresses all of them again and again for SECONDS and prints the
 * nanoseconds of the fastest pass and the number of passes.
 * pack times compression: it cuts INPUT into chunks, compresses them again and
 * again for SECONDS, and prints the size (chunks that do not get smaller count as
 * they are), the nanoseconds of processor time of the fastest pass and the number
 * of passes.
 *
 * A chunk file is, little-endian and without padding (and read by package
 * chunkfile):
 *
 *   8 bytes  "WIMCHNK1"
 *   u32      codec: 1 XPRESS, 2 LZX, 3 LZMS
 *   u32      chunk size
 *   u32      n, the number of chunks
 *   n times  u32 compressed size, u32 uncompressed size
 *            the compressed chunks
 *            the original chunks
 *
 * This program runs on little-endian machines only.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wimlib.h>

static const char magic[8] = "WIMCHNK1";

static void fail(const char *what, const char *which)
{
	fprintf(stderr, "chunks: %s: %s\n", what, which);
	exit(1);
}

static void *allocate(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (p == NULL)
		fail("out of memory", "malloc");
	return p;
}

static uint8_t *read_file(const char *name, size_t *size)
{
	FILE *f = fopen(name, "rb");
	long end;
	uint8_t *data;

	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (end = ftell(f)) < 0)
		fail("cannot open", name);
	rewind(f);
	data = allocate((size_t)end);
	if (fread(data, 1, (size_t)end, f) != (size_t)end)
		fail("cannot read", name);
	fclose(f);
	*size = (size_t)end;
	return data;
}

static void write_all(const void *data, size_t size, FILE *f, const char *name)
{
	if (fwrite(data, 1, size, f) != size)
		fail("cannot write", name);
}

static uint32_t load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static void compress(uint32_t codec, uint32_t chunk_size, const char *input, const char *output)
{
	size_t size, packed_size = 0, original_size = 0, offset;
	uint8_t *data = read_file(input, &size);
	uint8_t *packed = allocate(size);
	uint8_t *original = allocate(size);
	uint32_t *table = allocate((size / chunk_size + 1) * 2 * sizeof(uint32_t));
	uint32_t n = 0;
	struct wimlib_compressor *c;
	FILE *f;

	if (wimlib_create_compressor((enum wimlib_compression_type)codec, chunk_size, 0, &c) != 0)
		fail("cannot create compressor", output);
	for (offset = 0; offset < size; offset += chunk_size) {
		size_t len = size - offset < chunk_size ? size - offset : chunk_size;
		size_t got = wimlib_compress(data + offset, len, packed + packed_size, len - 1, c);

		if (got == 0)
			continue;
		memcpy(original + original_size, data + offset, len);
		table[2 * n] = (uint32_t)got;
		table[2 * n + 1] = (uint32_t)len;
		packed_size += got;
		original_size += len;
		n++;
	}
	wimlib_free_compressor(c);

	f = fopen(output, "wb");
	if (f == NULL)
		fail("cannot create", output);
	write_all(magic, sizeof(magic), f, output);
	write_all(&codec, sizeof(codec), f, output);
	write_all(&chunk_size, sizeof(chunk_size), f, output);
	write_all(&n, sizeof(n), f, output);
	write_all(table, n * 2 * sizeof(uint32_t), f, output);
	write_all(packed, packed_size, f, output);
	write_all(original, original_size, f, output);
	if (fclose(f) != 0)
		fail("cannot write", output);
}

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t processor_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void pack(uint32_t codec, uint32_t chunk_size, unsigned level, const char *input, double seconds)
{
	size_t size, total;
	uint8_t *data = read_file(input, &size);
	uint8_t *packed = allocate(chunk_size);
	int64_t end = now() + (int64_t)(seconds * 1e9), best = INT64_MAX;
	long passes = 0;
	struct wimlib_compressor *c;

	if (wimlib_create_compressor((enum wimlib_compression_type)codec, chunk_size, level, &c) != 0)
		fail("cannot create compressor", input);
	do {
		int64_t start = processor_time(), took;
		size_t offset;

		total = 0;
		for (offset = 0; offset < size; offset += chunk_size) {
			size_t len = size - offset < chunk_size ? size - offset : chunk_size;
			size_t got = wimlib_compress(data + offset, len, packed, len - 1, c);

			total += got != 0 ? got : len;
		}
		took = processor_time() - start;
		if (took < best)
			best = took;
		passes++;
	} while (now() < end);
	printf("%zu %lld %ld\n", total, (long long)best, passes);
	wimlib_free_compressor(c);
}

struct chunks {
	uint32_t chunk_size, n;
	const uint8_t *table, *packed, *original;
	struct wimlib_decompressor *decompressor;
	uint8_t *out;
};

/* One pass over all chunks. */
static void pass(const struct chunks *c, int compare)
{
	const uint8_t *packed = c->packed, *original = c->original;
	uint32_t i;

	for (i = 0; i < c->n; i++) {
		uint32_t in = load32(c->table + 8 * (size_t)i);
		uint32_t out = load32(c->table + 8 * (size_t)i + 4);

		if (wimlib_decompress(packed, in, c->out, out, c->decompressor) != 0)
			fail("cannot decompress", "libwim refuses a chunk");
		if (compare && memcmp(c->out, original, out) != 0)
			fail("wrong output", "libwim's differs from the original");
		packed += in;
		original += out;
	}
}

static void time_file(const char *name, double seconds)
{
	size_t size, in = 0, out = 0;
	uint8_t *data = read_file(name, &size);
	struct chunks c;
	uint32_t i;
	int64_t end, best = INT64_MAX;
	long passes = 0;

	if (size < 20 || memcmp(data, magic, sizeof(magic)) != 0)
		fail("not a chunk file", name);
	c.chunk_size = load32(data + 12);
	c.n = load32(data + 16);
	c.table = data + 20;
	if ((size - 20) / 8 < c.n)
		fail("cut off", name);
	for (i = 0; i < c.n; i++) {
		in += load32(c.table + 8 * (size_t)i);
		out += load32(c.table + 8 * (size_t)i + 4);
	}
	c.packed = c.table + 8 * (size_t)c.n;
	c.original = c.packed + in;
	if (20 + 8 * (size_t)c.n + in + out != size)
		fail("cut off", name);
	c.out = allocate(c.chunk_size);
	if (wimlib_create_decompressor((enum wimlib_compression_type)load32(data + 8), c.chunk_size, &c.decompressor) != 0)
		fail("cannot create decompressor", name);

	pass(&c, 1);
	end = now() + (int64_t)(seconds * 1e9);
	do {
		int64_t start = now(), took;

		pass(&c, 0);
		took = now() - start;
		if (took < best)
			best = took;
		passes++;
	} while (now() < end);
	printf("%lld %ld\n", (long long)best, passes);
	wimlib_free_decompressor(c.decompressor);
}

int main(int argc, char **argv)
{
	if (argc == 6 && strcmp(argv[1], "compress") == 0) {
		unsigned long codec = strtoul(argv[2], NULL, 10);
		unsigned long chunk_size = strtoul(argv[3], NULL, 10);

		if (codec < 1 || codec > 3 || chunk_size < 4096 || chunk_size > 1UL << 30)
			fail("no such codec or chunk size", argv[2]);
		compress((uint32_t)codec, (uint32_t)chunk_size, argv[4], argv[5]);
	} else if (argc == 7 && strcmp(argv[1], "pack") == 0) {
		pack((uint32_t)strtoul(argv[2], NULL, 10), (uint32_t)strtoul(argv[3], NULL, 10),
		     (unsigned)strtoul(argv[4], NULL, 10), argv[5], strtod(argv[6], NULL));
	} else if (argc == 4 && strcmp(argv[1], "time") == 0) {
		time_file(argv[2], strtod(argv[3], NULL));
	} else if (argc == 2 && strcmp(argv[1], "version") == 0) {
		uint32_t v = wimlib_get_version();

		printf("libwim %u.%u.%u\n", v >> 20, v >> 10 & 0x3ff, v & 0x3ff);
	} else {
		fail("usage", "compress CODEC CHUNK_SIZE INPUT OUTPUT | time FILE SECONDS |"
		     " pack CODEC CHUNK_SIZE LEVEL INPUT SECONDS | version");
	}
	return 0;
}
