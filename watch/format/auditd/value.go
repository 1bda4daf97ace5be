package auditd

import (
	"encoding/hex"
	"strings"
)

// cutPair takes the next "name=value" off s. raw is the value as it stands, less its quotes; quoted
// says that it had some, which is how the kernel marks text that needs no hexadecimal.
func cutPair(s string) (name, raw string, quoted bool, rest string, ok bool) {
	s = strings.TrimLeft(s, " ,\x1d")
	for {
		end := strings.IndexAny(s, "= \x1d")
		if end < 0 {
			return "", "", false, "", false
		}
		if s[end] == '=' {
			name, s = s[:end], s[end+1:]
			break
		}
		s = strings.TrimLeft(s[end:], " ,\x1d") // a word without a value: "avc:", "denied", "op"
	}
	if s != "" && (s[0] == '"' || s[0] == '\'' || s[0] == '{') {
		closing := s[0]
		if closing == '{' {
			closing = '}'
		}
		if end := strings.IndexByte(s[1:], closing); end >= 0 {
			return name, s[1 : 1+end], true, s[end+2:], true
		}
	}
	end := strings.IndexAny(s, " \x1d")
	if end < 0 {
		end = len(s)
	}
	end = lostSeparator(s[:end])
	return name, strings.TrimSuffix(s[:end], ","), false, s[end:], true
}

// lostSeparator returns where a value ends. Programs that copy logs drop the separator, which is a control character, and leave
// `res=1AUID="bui"`: the names of what is added are upper-case and their values quoted.
func lostSeparator(s string) int {
	equals := strings.Index(s, `="`)
	if equals < 0 {
		return len(s)
	}
	start := equals
	for start > 0 && (s[start-1] == '_' || 'A' <= s[start-1] && s[start-1] <= 'Z') {
		start--
	}
	if start == equals || start == 0 {
		return len(s)
	}
	return start
}

// decoded undoes the hexadecimal in which the kernel and auditd write text that somebody untrusted chose and that holds
// spaces, quotes or control characters. What is not of that form is returned as it is.
func decoded(raw string) string {
	if len(raw) < 2 || len(raw)%2 != 0 {
		return raw
	}
	for i := range len(raw) {
		if c := raw[i]; (c < '0' || c > '9') && (c < 'A' || c > 'F') {
			return raw
		}
	}
	text, err := hex.DecodeString(raw)
	if err != nil {
		return raw
	}
	return string(text)
}

// isText reports whether a field holds text that may be written in hexadecimal: the "encoded" fields of the
// field dictionary, and the arguments of an EXECVE record.
func isText(kind, name string) bool {
	switch name {
	case "exe", "comm", "name", "cwd", "proctitle", "key", "cmd", "acct", "data", "path", "dir", "file", "ocomm", "vm", "sw", "grp",
		"new_group", "old", "new", "root_dir", "watch", "bus", "device", "ioctlcmd", "invalid_context", "apparmor", "profile":
		return true
	}
	return kind == "EXECVE" && argument(name) >= 0
}

// argument returns n of "an" and of "an[m]", the parts of a long argument; -1 for every other name.
func argument(name string) int {
	if len(name) < 2 || name[0] != 'a' {
		return -1
	}
	digits, _, _ := strings.Cut(name[1:], "[")
	if digits == "" || len(digits) > 6 {
		return -1
	}
	n := 0
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return -1
		}
		n = n*10 + int(digits[i]-'0')
	}
	return n
}

// fieldName returns "auditd.data." before a name, without building the common ones; "" for what is no name.
func fieldName(name string) string {
	switch name {
	case "arch":
		return "auditd.data.arch"
	case "syscall":
		return "auditd.data.syscall"
	case "success":
		return "auditd.data.success"
	case "exit":
		return "auditd.data.exit"
	case "a0":
		return "auditd.data.a0"
	case "a1":
		return "auditd.data.a1"
	case "a2":
		return "auditd.data.a2"
	case "a3":
		return "auditd.data.a3"
	case "items":
		return "auditd.data.items"
	case "ppid":
		return "auditd.data.ppid"
	case "pid":
		return "auditd.data.pid"
	case "auid":
		return "auditd.data.auid"
	case "uid":
		return "auditd.data.uid"
	case "gid":
		return "auditd.data.gid"
	case "euid":
		return "auditd.data.euid"
	case "suid":
		return "auditd.data.suid"
	case "fsuid":
		return "auditd.data.fsuid"
	case "egid":
		return "auditd.data.egid"
	case "sgid":
		return "auditd.data.sgid"
	case "fsgid":
		return "auditd.data.fsgid"
	case "tty":
		return "auditd.data.tty"
	case "ses":
		return "auditd.data.ses"
	case "comm":
		return "auditd.data.comm"
	case "exe":
		return "auditd.data.exe"
	case "key":
		return "auditd.data.key"
	case "subj":
		return "auditd.data.subj"
	case "name":
		return "auditd.data.name"
	case "cwd":
		return "auditd.data.cwd"
	}
	if name == "" || len(name) > 64 || strings.IndexFunc(name, notOfName) >= 0 {
		return ""
	}
	return "auditd.data." + name
}

func notOfName(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-' && r != '[' && r != ']' && r != '.'
}
