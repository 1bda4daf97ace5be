package indicator

import "strings"

// eachPrefix calls f with every shorter URL that url continues at a '/' or a
// '?', shortest first, each once: for "h/a/b?q" these are "h/", "h/a", "h/a/"
// and "h/a/b". The bare host "h" is no URL. Those with more than depth slashes
// are left out.
//
// A canonical URL is host[:port]/path?query: no scheme, no fragment.
func eachPrefix(url string, depth int, f func(string)) {
	path := url
	if q := strings.IndexByte(url, '?'); q >= 0 {
		path = url[:q]
	}
	slashes := 0
	for i := 0; i < len(path); i++ {
		if path[i] != '/' {
			continue
		}
		// Up to the slash. After another slash that was the previous turn's.
		if slashes > 0 && path[i-1] != '/' && slashes <= depth {
			f(path[:i])
		}
		slashes++
		if slashes > depth {
			return
		}
		if i+1 < len(path) { // and with it
			f(path[:i+1])
		}
	}
	if len(path) < len(url) && slashes > 0 {
		f(path)
	}
}
