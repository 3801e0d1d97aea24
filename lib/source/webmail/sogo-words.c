/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The mailferry authors
 */

#include "source/webmail/sogo-words.h"

#include <stddef.h>
#include <string.h>

/* The folders NAME.lproj of SOGo's sources. */
static const char *const languages[][2] = {
	{ "Arabic", "ar" },
	{ "Basque", "eu" },
	{ "BosnianBosnia", "bs-BA" },
	{ "BrazilianPortuguese", "pt-BR" },
	{ "Bulgarian", "bg" },
	{ "Catalan", "ca" },
	{ "ChineseChina", "zh-CN" },
	{ "ChineseTaiwan", "zh-TW" },
	{ "Croatian", "hr" },
	{ "Czech", "cs" },
	{ "Danish", "da" },
	{ "Dutch", "nl" },
	{ "English", "en" },
	{ "Finnish", "fi" },
	{ "French", "fr" },
	{ "German", "de" },
	{ "Greek", "el" },
	{ "Hebrew", "he" },
	{ "Hungarian", "hu" },
	{ "Icelandic", "is" },
	{ "Indonesian", "id" },
	{ "Italian", "it" },
	{ "Japanese", "ja" },
	{ "Kazakh", "kk" },
	{ "Korean", "ko" },
	{ "Latvian", "lv" },
	{ "Lithuanian", "lt" },
	{ "Macedonian", "mk" },
	{ "NorwegianBokmal", "nb" },
	{ "NorwegianNynorsk", "nn" },
	{ "Polish", "pl" },
	{ "Portuguese", "pt" },
	{ "RomanianRomania", "ro" },
	{ "Russian", "ru" },
	{ "Serbian", "sr" },
	{ "Slovak", "sk" },
	{ "Slovenian", "sl" },
	{ "SpanishArgentina", "es-AR" },
	{ "SpanishSpain", "es-ES" },
	{ "Swedish", "sv" },
	{ "TurkishTurkey", "tr" },
	{ "Ukrainian", "uk" },
	{ "Welsh", "cy" },
};

const char *
sogo_language(const char *word)
{
	for (size_t i = 0; i < sizeof languages / sizeof *languages; i++)
		if (strcmp(languages[i][0], word) == 0)
			return languages[i][1];
	return NULL;
}
