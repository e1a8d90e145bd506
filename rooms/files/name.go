package files

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is the most characters of a file's name. Longer ones are cut before
// their extension.
const maxName = 120

// maxExtension is the most characters of what counts as an extension.
const maxExtension = 12

// CleanName returns a name that can stand on any system and on a screen: the
// last part of a path, without control characters, what turns the reading
// direction round ("exe.txt" for "txt.exe"), and what systems keep for
// themselves. It is never empty.
func CleanName(name string) string {
	name = strings.ToValidUTF8(name, "")
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs):
			return -1
		case strings.ContainsRune(`<>:"|?*`, r):
			return '_'
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, name)
	name = strings.TrimRight(strings.TrimLeft(name, " "), " .")
	stem, _, _ := strings.Cut(name, ".")
	switch {
	case name == "" || strings.Trim(name, "._ ") == "":
		return "file"
	case reserved(stem), strings.HasPrefix(name, "."): // Windows keeps the ones, Unix hides the others
		name = "_" + name
	}
	return shorten(name)
}

func shorten(name string) string {
	if utf8.RuneCountInString(name) <= maxName {
		return name
	}
	ext := path.Ext(name)
	if utf8.RuneCountInString(ext) > maxExtension {
		ext = ""
	}
	stem := []rune(strings.TrimSuffix(name, ext))
	return strings.TrimRight(string(stem[:maxName-utf8.RuneCountInString(ext)]), " .") + ext
}

// reserved reports whether Windows takes a name for a device.
func reserved(stem string) bool {
	stem = strings.ToUpper(strings.TrimRight(stem, " "))
	switch stem {
	case "CON", "PRN", "AUX", "NUL":
		return true
	}
	return len(stem) == 4 && (strings.HasPrefix(stem, "COM") || strings.HasPrefix(stem, "LPT")) && stem[3] >= '0' && stem[3] <= '9'
}
