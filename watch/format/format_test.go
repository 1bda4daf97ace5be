package format_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"entente/watch/event"
	"entente/watch/format"
	"entente/watch/format/auditd"
	"entente/watch/format/bind"
	"entente/watch/format/caddy"
	"entente/watch/format/cef"
	"entente/watch/format/eve"
	"entente/watch/format/formattest"
	"entente/watch/format/haproxy"
	"entente/watch/format/syslog"
	"entente/watch/format/weblog"
	"entente/watch/format/windows"
	"entente/watch/format/zeekjson"
	"entente/watch/format/zeektsv"
)

func formats() []event.Format {
	return []event.Format{eve.Format(), zeektsv.Format(), zeekjson.Format(), syslog.Format(), weblog.Format(), auditd.Format(), caddy.Format(), haproxy.Format(), windows.Format(), bind.Format(), cef.Format()}
}

func TestNamesAreFolders(t *testing.T) {
	for _, f := range formats() {
		if _, err := os.Stat(filepath.Join(f.Name(), formattest.GoldenPath)); err != nil {
			t.Errorf("%s: %v", f.Name(), err)
		}
	}
}

// TestDetectSamples gives each format's sample to all formats, in every order of the list.
func TestDetectSamples(t *testing.T) {
	for _, want := range formats() {
		data, err := os.ReadFile(filepath.Join(want.Name(), formattest.SamplePath))
		if err != nil {
			t.Fatal(err)
		}
		head := bytes.Split(data, []byte("\n"))
		for _, list := range [][]event.Format{formats(), reversed(formats())} {
			got, ok := format.Detect(list, head)
			if !ok || got.Name() != want.Name() {
				t.Errorf("the sample of %s is detected as %v, %v", want.Name(), got, ok)
			}
		}
	}
}

func reversed(list []event.Format) []event.Format {
	slices.Reverse(list)
	return list
}

func TestDetectNothing(t *testing.T) {
	for name, head := range map[string]string{
		"nothing":    "",
		"empty":      "\n\n  \n",
		"binary":     "\x7fELF\x02\x01\x01\x00\n\x00\x00",
		"csv":        "INDICATOR_VALUE,TYPE,COMMENT\n192.0.2.1,IPV4ADDR,\n",
		"other json": `{"level":"info","ts":1,"request":{"remote_ip":"192.0.2.1"}}` + "\n",
		"prose":      "Dear clerk,\nplease find attached\n",
	} {
		if got, ok := format.Detect(formats(), bytes.Split([]byte(head), []byte("\n"))); ok {
			t.Errorf("%s is detected as %s", name, got.Name())
		}
	}
	if _, ok := format.Detect(nil, [][]byte{[]byte("x")}); ok {
		t.Error("no formats detected one")
	}
}

func TestDetectIsBounded(t *testing.T) {
	line := []byte("2026/10/10 09:23:53 [notice] 7#7: start")
	head := append(slices.Repeat([][]byte{line}, format.HeadLines), slices.Repeat([][]byte{[]byte("junk")}, 1000)...)
	if got, ok := format.Detect(formats(), head); !ok || got.Name() != "weblog" {
		t.Errorf("lines behind the head were looked at: %v, %v", got, ok)
	}
	huge := [][]byte{line, bytes.Repeat([]byte("x"), format.HeadBytes), line}
	if got, ok := format.Detect(formats(), huge); !ok || got.Name() != "weblog" {
		t.Errorf("a huge line was looked at: %v, %v", got, ok)
	}
}

func ExampleDetect() {
	head := [][]byte{[]byte(`192.0.2.10 - - [03/Nov/2026:08:00:01 +0100] "GET http://gate.example/a HTTP/1.1" 200 512`)}
	found, ok := format.Detect(formats(), head)
	if !ok {
		return
	}
	var ev event.Event
	err := found.New().Parse(head[0], &ev)
	fmt.Println(found.Name(), ev.Dataset, ev.Time.Format(time.RFC3339), err)
	for _, o := range ev.Observables {
		fmt.Println(o.Field, o.Value)
	}
	// Output:
	// weblog web.access 2026-11-03T07:00:01Z <nil>
	// source.ip ipv4-addr 192.0.2.10
	// url.original url gate.example/a
	// url.full url gate.example/a
}
