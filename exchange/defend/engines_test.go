package defend

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"entente/observable"
)

// program finds somebody else's program, which check -interop asks for.
func program(t *testing.T, name string) string {
	t.Helper()
	if os.Getenv("ENTENTE_INTEROP") == "" {
		t.Skip("with other people's programs: ENTENTE_INTEROP=1, as check -interop sets it")
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed", name)
	}
	return path
}

func writeAll(t *testing.T, format string, list []Entry) (folder string) {
	t.Helper()
	out, err := Write(format, list, Settings{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	folder = t.TempDir()
	for _, f := range out.Files {
		if err := os.WriteFile(filepath.Join(folder, f.Name), f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestBINDLoadsTheZone(t *testing.T) {
	checkzone := program(t, "named-checkzone")
	folder := writeAll(t, RPZ, entries(t))
	out, err := exec.Command(checkzone, "-i", "local", "rpz.local", filepath.Join(folder, "rpz.local.zone")).CombinedOutput()
	if err != nil || !strings.Contains(string(out), fmt.Sprintf("loaded serial %d", serial(now))) {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestSuricataAlerts lets Suricata read traffic in which some of the entries are
// met and some nearly are.
func TestSuricataAlerts(t *testing.T) {
	suricata := program(t, "suricata")
	folder := writeAll(t, Suricata, entries(t))
	capture := filepath.Join(folder, "traffic.pcap")
	if err := os.WriteFile(capture, traffic(), 0o644); err != nil {
		t.Fatal(err)
	}
	rules := filepath.Join(folder, rulesFile)
	out, err := exec.Command(suricata, "-T", "-v", "-S", rules, "-l", folder).CombinedOutput()
	if err != nil || !strings.Contains(string(out), " 0 rules failed") {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := exec.Command(suricata, "-k", "none", "-r", capture, "-S", rules, "-l", folder).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	fast, err := os.ReadFile(filepath.Join(folder, "fast.log"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(string(fast)) {
		_, msg, _ := strings.Cut(line, "ENTENTE ")
		msg, _, _ = strings.Cut(msg, " [**]")
		_, flow, _ := strings.Cut(line, "} ")
		got = append(got, strings.TrimSpace(msg[:min(len(msg), 32)])+" "+strings.TrimSpace(flow))
	}
	slices.Sort(got)
	want := []string{
		"address told by a partner (dst), 10.0.0.5:40002 -> 198.51.100.7:443",
		"told by north: 198.51.100.0/24 ( 10.0.0.5:40002 -> 198.51.100.7:443",
		"told by north: evil.example (=cm 10.0.0.5:40000 -> 10.0.0.1:53",
		"told by north: evil.example (=cm 10.0.0.5:40003 -> 192.0.2.80:80",
		"told by north: evil.example/x (C 10.0.0.5:40003 -> 192.0.2.80:80",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"), fast)
	}
}

// traffic is a capture file: two names asked for, a connection to an indicated
// address, and two requests of a web server.
func traffic() []byte {
	c := capture{}
	c.udp("10.0.0.5", 40000, "10.0.0.1", 53, query("LOGIN.evil.example"))
	c.udp("10.0.0.5", 40001, "10.0.0.1", 53, query("notevil.example"))
	c.tcp("10.0.0.5", 40002, "198.51.100.7", 443, 1, 0, 2, "") // SYN
	c.request(40003, "evil.example", "/x?more")
	c.request(40004, "good.example", "/x?more")
	return c.done()
}

type capture struct {
	packets [][]byte
}

func (c *capture) request(port uint16, host, path string) {
	const us, them = "10.0.0.5", "192.0.2.80"
	text := "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: a\r\n\r\n"
	answer := "HTTP/1.1 204 No Content\r\n\r\n"
	c.tcp(us, port, them, 80, 100, 0, 0x02, "")
	c.tcp(them, 80, us, port, 500, 101, 0x12, "")
	c.tcp(us, port, them, 80, 101, 501, 0x10, "")
	c.tcp(us, port, them, 80, 101, 501, 0x18, text)
	c.tcp(them, 80, us, port, 501, 101+uint32(len(text)), 0x18, answer)
	c.tcp(us, port, them, 80, 101+uint32(len(text)), 501+uint32(len(answer)), 0x11, "")
	c.tcp(them, 80, us, port, 501+uint32(len(answer)), 102+uint32(len(text)), 0x11, "")
	c.tcp(us, port, them, 80, 102+uint32(len(text)), 502+uint32(len(answer)), 0x10, "")
}

func query(name string) []byte {
	b := []byte{0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}
	for _, label := range strings.Split(name, ".") {
		b = append(append(b, byte(len(label))), label...)
	}
	return append(b, 0, 0, 1, 0, 1)
}

func (c *capture) ip(protocol byte, from, to string, body []byte) {
	h := make([]byte, 20, 20+len(body))
	h[0], h[8], h[9] = 0x45, 64, protocol
	binary.BigEndian.PutUint16(h[2:], uint16(20+len(body)))
	src, dst := netip.MustParseAddr(from).As4(), netip.MustParseAddr(to).As4()
	copy(h[12:], src[:])
	copy(h[16:], dst[:])
	c.packets = append(c.packets, append(h, body...))
}

func (c *capture) udp(from string, fromPort uint16, to string, toPort uint16, body []byte) {
	h := make([]byte, 8)
	binary.BigEndian.PutUint16(h, fromPort)
	binary.BigEndian.PutUint16(h[2:], toPort)
	binary.BigEndian.PutUint16(h[4:], uint16(8+len(body)))
	c.ip(17, from, to, append(h, body...))
}

func (c *capture) tcp(from string, fromPort uint16, to string, toPort uint16, seq, ack uint32, flags byte, body string) {
	h := make([]byte, 20)
	binary.BigEndian.PutUint16(h, fromPort)
	binary.BigEndian.PutUint16(h[2:], toPort)
	binary.BigEndian.PutUint32(h[4:], seq)
	binary.BigEndian.PutUint32(h[8:], ack)
	h[12], h[13], h[14] = 5<<4, flags, 0xff
	c.ip(6, from, to, append(h, body...))
}

// done writes the file: little-endian, link type RAW.
func (c *capture) done() []byte {
	out := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	out = binary.LittleEndian.AppendUint16(out, 2)
	out = binary.LittleEndian.AppendUint16(out, 4)
	for _, n := range []uint32{0, 0, 65535, 101} {
		out = binary.LittleEndian.AppendUint32(out, n)
	}
	for i, p := range c.packets {
		for _, n := range []uint32{uint32(now.Unix()), uint32(i * 1000), uint32(len(p)), uint32(len(p))} {
			out = binary.LittleEndian.AppendUint32(out, n)
		}
		out = append(out, p...)
	}
	return out
}

// TestNamesAreMetAsHere: an entry of each kind that Suricata knows has a rule or stands in a list.
func TestNamesAreMetAsHere(t *testing.T) {
	for _, typ := range observable.Types() {
		if _, known := plainNames[typ]; !known {
			t.Errorf("plain lists have no place for %s", typ)
		}
		if _, known := intelTypes[typ]; !known {
			t.Errorf("Zeek has no name for %s", typ)
		}
	}
}
