#include "archive/vcard.h"
int
vcard_write(struct buf *out, const char *json, size_t len, int version,
    const struct convert *c, struct why *why)
{
	(void)out;
	(void)json;
	(void)len;
	(void)version;
	(void)c;
	return why_set(why, FAIL_DATA, "no");
}
