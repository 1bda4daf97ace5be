package windows

import (
	"strconv"
	"strings"

	"entente/watch/event"
	"entente/watch/format/freetext"
)

// source is where an event comes from, as far as that decides what its data means.
type source uint8

const (
	other source = iota
	sysmon
	security
	powershell
	system
	application
)

func sourceOf(h *head) source {
	switch {
	case h.channel == "Microsoft-Windows-Sysmon/Operational" || h.provider == "Microsoft-Windows-Sysmon":
		return sysmon
	case h.channel == "Security" || h.provider == "Microsoft-Windows-Security-Auditing":
		return security
	case strings.Contains(h.channel, "PowerShell"):
		return powershell
	case h.channel == "System":
		return system
	case h.channel == "Application":
		return application
	}
	return other
}

func (s source) dataset() string {
	return [...]string{"windows", "windows.sysmon", "windows.security", "windows.powershell", "windows.system", "windows.application"}[s]
}

// action names what an event reports where that is the same for every one of its kind.
func (s source) action(code string) (action, outcome string) {
	if s == sysmon {
		switch code {
		case "1":
			return "process-created", ""
		case "3":
			return "network-connection", ""
		case "5":
			return "process-terminated", ""
		case "11":
			return "file-created", ""
		case "22":
			return "dns-query", ""
		}
	}
	if s == security {
		switch code {
		case "4624":
			return "logged-in", "success"
		case "4625":
			return "logon-failed", "failure"
		case "4634", "4647":
			return "logged-out", ""
		case "4688":
			return "process-created", ""
		case "4720":
			return "user-account-created", ""
		case "1102":
			return "audit-log-cleared", ""
		}
	}
	return "", ""
}

// put adds the ECS fields that a datum means and reports whether it observed what the datum holds.
// "-" is how Windows says that there is none.
func (s source) put(ev *event.Event, code, name, value string) bool {
	if value == "-" {
		return true
	}
	if ip := isAddressOf(name); ip != "" {
		ev.PutAddress(ip, value)
		return true
	}
	switch s {
	case sysmon:
		return putSysmon(ev, code, name, value)
	case security:
		return putSecurity(ev, code, name, value)
	}
	return false
}

// isAddressOf names the field for data that is an IP address whoever wrote it.
func isAddressOf(name string) string {
	switch name {
	case "IpAddress", "SourceIp", "ClientAddress", "SourceAddress", "ClientIP":
		return "source.ip"
	case "DestinationIp", "DestAddress":
		return "destination.ip"
	}
	return ""
}

func putSysmon(ev *event.Event, code, name, value string) bool {
	switch name {
	case "Image":
		ev.Add("process.executable", value)
		ev.Add("process.name", lastOf(value))
	case "ProcessId":
		ev.Add("process.pid", value)
	case "ProcessGuid":
		ev.Add("process.entity_id", value)
	case "CommandLine":
		text(ev, "process.command_line", value)
	case "CurrentDirectory":
		ev.Add("process.working_directory", value)
	case "ParentImage":
		ev.Add("process.parent.executable", value)
		ev.Add("process.parent.name", lastOf(value))
	case "ParentProcessId":
		ev.Add("process.parent.pid", value)
	case "ParentProcessGuid":
		ev.Add("process.parent.entity_id", value)
	case "ParentCommandLine":
		text(ev, "process.parent.command_line", value)
	case "User":
		domain, user, ok := strings.Cut(value, `\`)
		if !ok {
			domain, user = "", value
		}
		ev.Add("user.name", user)
		ev.Add("user.domain", domain)
	case "Hashes", "Hash":
		hashes(ev, code, value)
	case "SourcePort":
		ev.Add("source.port", value)
	case "DestinationPort":
		ev.Add("destination.port", value)
	case "SourceHostname":
		ev.Put("source.domain", value, event.Name)
	case "DestinationHostname":
		ev.Put("destination.domain", value, event.Name)
	case "Protocol":
		ev.Add("network.transport", strings.ToLower(value))
	case "QueryName":
		ev.Put("dns.question.name", value, event.Name)
	case "QueryResults":
		answers(ev, value)
	case "TargetFilename", "ImageLoaded":
		ev.Add("file.path", value)
	case "TargetObject":
		ev.Add("registry.path", value)
	case "UtcTime":
	default:
		return false
	}
	return true
}

func putSecurity(ev *event.Event, code, name, value string) bool {
	created := code == "4688"
	switch name {
	case "NewProcessName":
		ev.Add("process.executable", value)
		ev.Add("process.name", lastOf(value))
	case "NewProcessId":
		ev.Add("process.pid", decimal(value))
	case "CommandLine":
		text(ev, "process.command_line", value)
	case "ParentProcessName":
		ev.Add("process.parent.executable", value)
		ev.Add("process.parent.name", lastOf(value))
	case "ProcessId":
		if created {
			ev.Add("process.parent.pid", decimal(value))
		} else {
			ev.Add("process.pid", decimal(value))
		}
	case "ProcessName":
		ev.Add("process.executable", value)
		ev.Add("process.name", lastOf(value))
	case "IpPort", "SourcePort":
		ev.Add("source.port", value)
	case "DestPort":
		ev.Add("destination.port", value)
	case "WorkstationName", "Workstation":
		ev.Put("source.domain", value, event.Name)
	default:
		return putAccount(ev, isLogon(code), name, value)
	}
	return true
}

// putAccount adds who acted, or at a logon who came in.
func putAccount(ev *event.Event, logon bool, name, value string) bool {
	side, what := "Subject", strings.TrimPrefix(name, "Subject")
	if what == name {
		side, what = "Target", strings.TrimPrefix(name, "Target")
	}
	field := ""
	switch what {
	case "UserName":
		field = "name"
	case "DomainName":
		field = "domain"
	case "UserSid", "Sid":
		field = "id"
	default:
		return false
	}
	if what == name {
		return false
	}
	prefix := "user."
	if logon != (side == "Target") {
		if prefix = "user.target."; logon {
			return true // the service that took the logon
		}
	}
	ev.Add(prefix+field, value)
	return true
}

func isLogon(code string) bool {
	switch code {
	case "4624", "4625", "4634", "4647", "4768", "4769", "4770", "4771", "4776", "4778", "4779", "4800", "4801":
		return true
	}
	return false
}

// decimal writes "0x1f4" as "500".
func decimal(s string) string {
	digits, ok := strings.CutPrefix(s, "0x")
	if !ok {
		return s
	}
	n, err := strconv.ParseUint(digits, 16, 64)
	if err != nil {
		return s
	}
	return strconv.FormatUint(n, 10)
}

// hashes reads "SHA1=…,MD5=…,SHA256=…,IMPHASH=…".
func hashes(ev *event.Event, code, value string) {
	prefix := "file.hash."
	if code == "1" {
		prefix = "process.hash."
	}
	for range 8 {
		one, rest, more := strings.Cut(value, ",")
		kind, hash, _ := strings.Cut(one, "=")
		switch strings.ToUpper(kind) {
		case "MD5":
			ev.Put(prefix+"md5", hash, event.Hash)
		case "SHA1":
			ev.Put(prefix+"sha1", hash, event.Hash)
		case "SHA256":
			ev.Put(prefix+"sha256", hash, event.Hash)
		}
		if value = rest; !more {
			return
		}
	}
}

// answers reads "type:  5 edge.example.org;::ffff:192.0.2.7;".
func answers(ev *event.Event, value string) {
	for answer := range strings.SplitSeq(value, ";") {
		if answer = strings.TrimSpace(answer); strings.HasPrefix(answer, "type:") {
			answer = answer[strings.LastIndexByte(answer, ' ')+1:]
		}
		ev.Put("dns.answers.data", answer, event.Host)
	}
}

func text(ev *event.Event, name, value string) {
	ev.Add(name, value)
	freetext.Scan(ev, name, value)
}
