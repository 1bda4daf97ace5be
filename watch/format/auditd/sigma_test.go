package auditd_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"entente/watch/event"
	"entente/watch/format/auditd"
	"entente/watch/format/formattest"
	"entente/watch/sigma"
)

// TestSigmaRulesMatch runs real rules for auditd and for processes over records as the daemon writes them without names
// for numbers: what a rule asks of one record must stand in one event.
func TestSigmaRulesMatch(t *testing.T) {
	root := filepath.Dir(formattest.SharedData(t, "sigma/rules"))
	var files []sigma.File
	err := filepath.WalkDir(filepath.Join(root, "rules", "linux"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".yml") {
			return err
		}
		data, err := os.ReadFile(path)
		files = append(files, sigma.File{Name: path, Data: data})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	set, _ := sigma.Load(files, sigma.Options{})
	matcher, p := set.NewMatcher(), auditd.Format().New()
	for _, c := range []struct{ record, rule string }{
		{`type=SYSCALL msg=audit(1.5:1): arch=c000003e syscall=59 success=yes ppid=1 pid=2 uid=33 euid=33 comm="base64" exe="/usr/bin/base64" key=(null)`, "Webshell Remote Command Execution"},
		{`type=EXECVE msg=audit(1.5:1): argc=3 a0="base64" a1="-d" a2="/tmp/x"`, "Decode Base64 Encoded Text"}, // Image and CommandLine
		{`type=SYSCALL msg=audit(1.5:2): arch=c000003e syscall=59 success=yes ppid=1 pid=3 uid=0 euid=0 comm="cat" exe="/usr/bin/cat" key=(null)`, ""},
		{`type=EXECVE msg=audit(1.5:2): argc=2 a0="cat" a1=2F6574632F7375646F657273`, "Access of Sudoers File Content"}, // in hexadecimal
		{`type=SYSCALL msg=audit(1.5:3): arch=c000003e syscall=133 success=yes ppid=1 pid=3 comm="mknod" exe="/usr/bin/mknod" key="susp_activity"`, "Suspicious C2 Activities"},
		{`type=SYSCALL msg=audit(1.5:4): arch=c00000b7 syscall=33 success=yes ppid=1 pid=3 comm="mknod" exe="/usr/bin/mknod" key=(null)`, ""}, // mknodat
		{`type=PATH msg=audit(1.5:5): item=0 name="/etc/pam.d/system-auth" nametype=NORMAL`, "Linux Keylogging with Pam.d"},
	} {
		var ev event.Event
		if err := p.Parse([]byte(c.record), &ev); err != nil {
			t.Fatal(err)
		}
		var titles []string
		for _, rule := range matcher.Match(&ev, []byte(c.record), nil) {
			titles = append(titles, set.Rule(rule).Title)
		}
		if c.rule != "" && !slices.Contains(titles, c.rule) || c.rule == "" && len(titles) > 0 {
			t.Errorf("%s\n fired %q, want %q", c.record, titles, c.rule)
		}
	}
}
