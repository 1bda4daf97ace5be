package webcapture

import "testing"

// TestSurt: what TestPyWACZ compares, without Python, and what no archive may do.
func TestSurt(t *testing.T) {
	for address, want := range map[string]string{
		"https://www.A.example":                                  "example,a)/",
		"http://a.example:80/Path/?b=2&a=1":                      "example,a)/path?a=1&b=2",
		"https://a.example:80/":                                  "example,a:80)/",
		"https://a.example:8443/%41%2f?":                         "example,a:8443)/a",
		"https://a.example//x/%2541/?b=1&b&a=%":                  "example,a)/x/a?a=%25&b&b=1",
		"https://a.example/%D0%90%20%23":                         "example,a)/%d0%90%20%23",
		"https://a.example/?a=%25252525252525252525252525252520": "example,a)/?a=%252525252525252520",
	} {
		if got := surt(address); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}
