package border

import (
	"fmt"

	"entente/observable"
)

// BuiltIn returns the lists that every node has, whatever else its operator
// loads: facts of the address plan and of the net at large. It is called once,
// at start-up.
//
// The networks reserved for documentation and benchmarks (192.0.2.0/24,
// 198.51.100.0/24, 203.0.113.0/24, 2001:db8::/32 of RFC 5737 and 3849;
// 198.18.0.0/15 of RFC 2544) are not on them: nothing is routed there, so an
// indicator in them can alert only where somebody plays with examples, and
// examples are what they are for.
func BuiltIn() []*WarningList {
	names := []observable.Type{observable.Domain, observable.URL}
	hashes := []observable.Type{observable.MD5, observable.SHA1, observable.SHA256}
	return []*WarningList{
		builtIn("special-purpose networks", KindCIDR, nil, specialNetworks()),
		builtIn("public resolvers", KindCIDR, nil, publicResolvers()),
		builtIn("ubiquitous domains", KindHostname, names, ubiquitousDomains()),
		builtIn("hashes of the empty file", KindString, hashes, emptyFile()),
	}
}

// builtIn makes a list of the facts below. They are part of the program and
// covered by TestBuiltIn: an error is a slip in this file.
func builtIn(name, kind string, types []observable.Type, values []string) *WarningList {
	l, err := NewWarningList(name, kind, values)
	if err != nil {
		panic(fmt.Sprintf("border: built-in list %q: %v", name, err))
	}
	return l.For(types...)
}

// specialNetworks are the entries of the IANA special-purpose address
// registries that can be meant by nobody outside.
func specialNetworks() []string {
	return []string{
		"0.0.0.0/8",          // "this network", RFC 791
		"10.0.0.0/8",         // private, RFC 1918
		"100.64.0.0/10",      // shared by carrier-grade NAT, RFC 6598
		"127.0.0.0/8",        // loopback, RFC 1122
		"169.254.0.0/16",     // link-local, RFC 3927
		"172.16.0.0/12",      // private, RFC 1918
		"192.168.0.0/16",     // private, RFC 1918
		"224.0.0.0/4",        // multicast, RFC 5771
		"255.255.255.255/32", // limited broadcast, RFC 919
		"::/128",             // unspecified, RFC 4291
		"::1/128",            // loopback, RFC 4291
		"fc00::/7",           // unique local, RFC 4193
		"fe80::/10",          // link-local, RFC 4291
		"ff00::/8",           // multicast, RFC 4291
	}
}

// publicResolvers answer the DNS questions of whole populations.
func publicResolvers() []string {
	return []string{
		"1.1.1.1", "1.0.0.1", "2606:4700:4700::1111", "2606:4700:4700::1001", // Cloudflare
		"8.8.8.8", "8.8.4.4", "2001:4860:4860::8888", "2001:4860:4860::8844", // Google
		"9.9.9.9", "149.112.112.112", "2620:fe::fe", "2620:fe::9", // Quad9
		"208.67.222.222", "208.67.220.220", "2620:119:35::35", "2620:119:53::53", // OpenDNS
		"64.6.64.6", "64.6.65.6", // Vercara
		"77.88.8.8", "77.88.8.1", // Yandex
		"94.140.14.14", "94.140.15.15", // AdGuard
		"114.114.114.114", "223.5.5.5", "223.6.6.6", // 114DNS, AliDNS
		"4.2.2.1", "4.2.2.2", // Lumen
	}
}

// ubiquitousDomains are in every log of every network, every hour. Hosting
// and storage domains are left out: below them anybody can have a name.
func ubiquitousDomains() []string {
	return []string{
		"apple.com", "baidu.com", "bing.com", "cloudflare.com", "debian.org", "digicert.com", "facebook.com",
		"google.com", "googleapis.com", "gstatic.com", "icloud.com", "instagram.com", "letsencrypt.org", "linkedin.com", "live.com",
		"mail.ru", "microsoft.com", "microsoftonline.com", "mozilla.org", "msftncsi.com", "netflix.com",
		"office.com", "office365.com", "outlook.com", "ntp.org", "qq.com", "redhat.com", "telegram.org", "twitter.com",
		"ubuntu.com", "vk.com", "whatsapp.com", "wikipedia.org", "windows.com", "windowsupdate.com",
		"x.com", "yahoo.com", "yandex.ru", "youtube.com", "zoom.us",
	}
}

// emptyFile are the hashes of no bytes: they stand in many published lists,
// and for a file on every machine.
func emptyFile() []string {
	return []string{
		"d41d8cd98f00b204e9800998ecf8427e",
		"da39a3ee5e6b4b0d3255bfef95601890afd80709",
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	}
}
