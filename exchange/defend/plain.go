package defend

import (
	"strings"

	"entente/observable"
)

// plainNames are the lists, one for each kind of reader.
var plainNames = map[observable.Type]string{
	observable.IPv4: "addresses.txt", observable.IPv6: "addresses.txt", observable.Net4: "networks.txt", observable.Net6: "networks.txt",
	observable.Domain: "domains.txt", observable.URL: "urls.txt", observable.Email: "senders.txt",
	observable.MD5: "md5.txt", observable.SHA1: "sha1.txt", observable.SHA256: "sha256.txt",
}

// plain writes one value a line, one file for each kind, and nothing but values
// below the heading: most readers know no comment behind a value.
func plain(entries []Entry, s Settings) ([]File, func(Entry) bool) {
	order := []string{"addresses.txt", "networks.txt", "domains.txt", "urls.txt", "senders.txt", "md5.txt", "sha1.txt", "sha256.txt"}
	lists := make(map[string]*strings.Builder)
	for _, name := range order { // an empty one takes the place of one that stood there before
		lists[name] = new(strings.Builder)
		lists[name].WriteString(heading("#", s))
	}
	fits := func(e Entry) bool {
		return plainNames[e.Value.Type] != "" && !strings.ContainsAny(e.Value.Canonical, "\r\n") && !strings.HasPrefix(e.Value.Canonical, "#")
	}
	for _, e := range entries {
		if !fits(e) {
			continue
		}
		lists[plainNames[e.Value.Type]].WriteString(e.Value.Canonical + "\n")
	}
	var files []File
	for _, name := range order {
		files = append(files, File{name, []byte(lists[name].String())})
	}
	return files, fits
}
