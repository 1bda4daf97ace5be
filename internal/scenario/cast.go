package scenario

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// The places of the exercise.
const (
	northSite     = "192.0.2.10" // voter registration
	northSiteName = "register.elections-north.example"
	northMail     = "192.0.2.25"
	northDNS      = "10.20.0.53"
	southSite     = "203.0.113.10"
	southMail     = "203.0.113.25"
	southDNS      = "10.40.0.53"
	southBastion  = "10.40.0.5"
)

// The outsider's. No ordinary traffic touches them.
const (
	scanner   = "198.51.100.77"           // scans north's site, all day
	injector  = "198.51.100.78"           // SQL injection, in the morning only
	scanner6  = "2001:db8:bad:5::17"      // scans over IPv6
	scanNet   = "198.51.100.208/28"       // more scanners
	scanLate  = "203.0.113.91"            // begins after the exchange
	crawler   = "198.51.100.140"          // nobody remembers why it is on a list
	lookalike = "e1ections-north.example" // a one for an l
	umlaut    = "wähler-north.example"
	umlautA   = "xn--whler-north-l8a.example"
	lureURL   = "e1ections-north.example/ballot/update"
	polls     = "cheap-polls.test"

	control     = "203.0.113.166" // beacons all day
	controlOld  = "198.51.100.23" // given up in the morning
	control6    = "2001:db8:c2::5"
	controlName = "cdn-update.test"
	controlURL  = "cdn-update.test/gate.php"
	controlLate = "telemetry-sync.test" // taken into use after the exchange
	lureSender  = "delivery@parcel-notice.test"
	lureHash    = "7d0bc1b1b5fb2ef1a2c9d3b7ac2f38a1e2f8f4e52d3b6f30a91c56a7f0c4de91"
	lureMD5     = "5bf1a9d27cf3d2d08ee1f1e36a4f0c1b" // of a variant that nobody received

	rehearsal = "203.0.113.205" // north met it weeks ago, and nobody knew it then

	resolver = "9.9.9.9" // a public resolver; holds no secret and belongs on no list
)

// cast lists what the parties share, in the order of their files.
func cast() []Indicator {
	const csv, misp, stix, plain = "control-servers.csv", "spear-phish.misp.json", "scanners.stix.json", "watchlist.txt"
	const today = "todays-report.csv"
	return []Indicator{
		{North, csv, "ipv4-addr", control, "", "control server"},
		{North, csv, "ipv4-addr", controlOld, "", "control server, until September"},
		{North, csv, "domain-name", controlName, "", "control server"},
		{North, csv, "url", controlURL, "", "where implants report"},
		{North, csv, "domain-name", controlLate, "", "second control server"},
		{North, csv, "domain-name", "mirror-archive.test", "", "reserve, never used"},
		{North, csv, "ipv4-addr", "203.0.113.251", "", "reserve, never used"},
		{North, csv, "ipv4-net", "0.0.0.0/0", "HELD_BREADTH", "a slip"},
		{North, csv, "domain-name", "invalid", "HELD_PUBLIC_SUFFIX", "a slip"},
		{North, misp, "sha256", lureHash, "", "attachment"},
		{North, misp, "md5", lureMD5, "", "variant of the attachment"},
		{North, misp, "ipv6-addr", control6, "", "control server"},
		{North, misp, "email-addr", lureSender, "", "sender of an earlier wave"},

		{South, stix, "ipv4-addr", scanner, "", "scanner"},
		{South, stix, "ipv4-addr", injector, "", "SQL injection"},
		{South, stix, "ipv4-net", scanNet, "", "scanners"},
		{South, stix, "ipv6-addr", scanner6, "", "scanner"},
		{South, stix, "domain-name", lookalike, "", "looks like north's election office"},
		{South, stix, "domain-name", umlautA, "", "looks like north's election office"},
		{South, stix, "url", lureURL, "", "page behind the spear-phish"},
		{South, stix, "ipv4-addr", scanLate, "", "scanner"},
		{South, stix, "ipv4-addr", "203.0.113.92", "", "scanner, not seen yet"},
		{South, stix, "ipv4-addr", resolver, "HELD_WARNING_LIST", "found in a sandbox run"},
		{South, stix, "sha256", "00c1de5f4a1b3a6f2c8e9d7b5a493827161504f3e2d1c0bfaeadbccbdaeef001", "", "implant, not seen in logs"},
		{South, plain, "ipv4-addr", crawler, "HELD_UNDATED", ""},
		{South, plain, "domain-name", polls, "HELD_UNDATED", ""},
		{South, plain, "ipv4-addr", "203.0.113.17", "HELD_UNDATED", ""},
		{South, today, "ipv4-addr", rehearsal, "", "first control server, in summer"},
	}
}

// generator makes everything, from one source of randomness, in one order.
type generator struct {
	rng  *rand.Rand
	base time.Time
	book book

	public   []string // addresses of ordinary people and servers
	services []service
}

// service is an ordinary server somewhere.
type service struct{ name, addr string }

// people fills the world with those who have nothing to do with it.
func (g *generator) people() {
	fill := func(prefix string, from, to int) {
		for i := from; i <= to; i++ {
			g.public = append(g.public, fmt.Sprintf("%s.%d", prefix, i))
		}
	}
	fill("198.51.100", 24, 76)
	fill("198.51.100", 79, 130)
	fill("192.0.2", 130, 250)
	fill("203.0.113", 30, 80)
	for i, n := range []string{
		"www.daily-news.example", "mail.provider.example", "updates.os-vendor.example", "cdn.static-files.example",
		"api.maps.example", "video.stream-one.example", "login.office-suite.example", "ocsp.certs.example",
		"weather.test", "www.library.example", "shop.stationery.example", "img.daily-news.example",
		"time.pool.example", "repo.packages.example", "chat.team-room.example", "docs.ministry.example",
		"www.parliament.example", "forms.tax-office.example", "cdn.fonts.example", "search.finder.example",
	} {
		g.services = append(g.services, service{n, fmt.Sprintf("192.0.2.%d", 64+i)})
	}
}

// at is a time within the day, as a share of it.
func (g *generator) at(share float64) time.Time {
	return g.base.Add(time.Duration(share * float64(Length))).Truncate(time.Microsecond)
}

// anytime is busier around noon than at the edges.
func (g *generator) anytime() time.Time {
	return g.at((g.rng.Float64() + g.rng.Float64()) / 2)
}

// early and late are on either side of the exchange.
func (g *generator) early() time.Time { return g.at(0.02 + 0.58*g.rng.Float64()) }
func (g *generator) late() time.Time  { return g.at(0.64 + 0.34*g.rng.Float64()) }

func (g *generator) between(low, high int) int { return low + g.rng.IntN(high-low+1) }
func (g *generator) port() int                 { return g.between(32768, 60999) }
func (g *generator) chance(share float64) bool { return g.rng.Float64() < share }

func (g *generator) soon(t time.Time, atMost time.Duration) time.Time {
	return t.Add(time.Duration(1 + g.rng.Int64N(int64(atMost)))).Truncate(time.Microsecond)
}

func pick[T any](g *generator, from []T) T { return from[g.rng.IntN(len(from))] }

// text is n random characters of an alphabet.
func (g *generator) text(n int, alphabet string) string {
	var b strings.Builder
	for range n {
		b.WriteByte(alphabet[g.rng.IntN(len(alphabet))])
	}
	return b.String()
}

const (
	base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	hexes  = "0123456789abcdef"
)

// host is a workstation of a party.
func (g *generator) host(party string) string {
	if party == North {
		return fmt.Sprintf("10.20.%d.%d", g.between(1, 3), g.between(10, 60))
	}
	return fmt.Sprintf("10.40.%d.%d", g.between(1, 3), g.between(10, 60))
}

// scanMember is one of the scanners in scanNet.
func (g *generator) scanMember() string { return fmt.Sprintf("198.51.100.%d", 209+3*g.rng.IntN(4)) }

func (g *generator) agent() string {
	return pick(g, []string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.7390.54 Safari/537.36",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Safari/605.1.15",
		"Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1",
		"Mozilla/5.0 (Linux; Android 16; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.7390.54 Mobile Safari/537.36",
	})
}
