package logsource

import "strings"

func timeField(name string) string {
	switch strings.ToLower(name) {
	case "timestamp", "@timestamp", "eventtime", "event_time", "utctime", "timecreated", "ts":
		return Timestamp
	}
	return ""
}

// isW3C reports whether a name is of the W3C extended log format, which rules for proxies and web servers use.
func isW3C(name string) bool {
	for _, p := range []string{"c-", "cs-", "sc-", "s-", "r-", "cs(", "sc("} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// webField maps the names of the W3C extended log format. Rules use the names of the query for the
// whole target of the request, so both are looked at.
func webField(name string) []string {
	switch strings.ToLower(name) {
	case "c-uri", "cs-uri", "cs-url", "url", "uri":
		return []string{"url.original", "url.full"}
	case "c-uri-query", "cs-uri-query":
		return []string{"url.original", "~url.query"}
	case "c-uri-stem", "cs-uri-stem":
		return []string{"~url.path"}
	case "c-uri-extension", "cs-uri-extension":
		return []string{"~url.extension"}
	case "c-useragent", "c-user-agent", "cs-user-agent", "cs(user-agent)", "user_agent", "useragent", "user-agent":
		return []string{"user_agent.original"}
	case "cs-method", "method":
		return []string{"http.request.method"}
	case "cs-host", "r-dns", "host", "s-sitename":
		return []string{"url.domain"}
	case "cs-referer", "cs-referrer", "cs(referer)", "referer", "referrer":
		return []string{"http.request.referrer"}
	case "cs-username", "username", "user":
		return []string{"user.name"}
	case "c-ip", "src_ip", "clientip":
		return []string{"source.ip"}
	case "c-port", "src_port":
		return []string{"source.port"}
	case "s-ip", "r-ip", "dst_ip":
		return []string{"destination.ip"}
	case "s-port", "dst_port":
		return []string{"destination.port"}
	case "sc-status", "status", "response":
		return []string{"http.response.status_code"}
	case "sc-bytes":
		return []string{"http.response.body.bytes"}
	case "cs-bytes":
		return []string{"http.request.body.bytes"}
	case "cs-version":
		return []string{"http.version"}
	case "cs-mime-type", "sc-mime-type", "resp_mime_types":
		return []string{"http.response.mime_type"}
	}
	return sharedField(name)
}

func dnsField(name string) []string {
	switch strings.ToLower(name) {
	case "query", "queryname", "r-dns", "dns_query", "question":
		return []string{"~dns.question.name"}
	case "record_type", "querytype", "qtype", "qtype_name":
		return []string{"dns.question.type"}
	case "answer", "answers", "queryresults":
		return []string{"~dns.answers.data"}
	case "rcode", "rcode_name", "response_code", "querystatus":
		return []string{"dns.response_code"}
	}
	return sharedField(name)
}

func firewallField(name string) []string {
	switch strings.ToLower(name) {
	case "action":
		return []string{"event.action", "~firewall.action"}
	case "blocked":
		return []string{"~firewall.blocked"}
	}
	return sharedField(name)
}

// sharedField maps the names that mean the same everywhere.
func sharedField(name string) []string {
	switch strings.ToLower(name) {
	case "src_ip", "source_ip", "sourceip", "srcip", "sourceaddress", "c-ip":
		return []string{"source.ip"}
	case "src_port", "source_port", "sourceport", "srcport":
		return []string{"source.port"}
	case "dst_ip", "dest_ip", "destinationip", "dstip", "destinationaddress":
		return []string{"destination.ip"}
	case "dst_port", "dest_port", "destinationport", "dstport":
		return []string{"destination.port"}
	case "destinationhostname", "sourcehostname":
		return nil // no log says which name led to an address
	case "proto", "protocol":
		return []string{"network.transport"}
	case "user", "username", "targetusername", "accountname":
		return []string{"user.name"}
	case "computername", "computer", "hostname", "host":
		return []string{"host.hostname", "host.name", "observer.hostname"}
	case "program", "process", "service", "processname", "comm":
		return []string{"process.name"}
	case "pid", "processid":
		return []string{"process.pid"}
	case "message", "msg":
		return []string{"message"}
	case "signature", "alert.signature":
		return []string{"rule.name", "cef.name"}
	case "filename":
		return []string{"file.name", "file.path"}
	case "signature_id", "alert.signature_id":
		return []string{"rule.id"}
	}
	if strings.HasPrefix(name, "email.") { // which Sigma's taxonomy has no names for
		return []string{name}
	}
	return nil
}

// auditdField maps audit records. The generic categories of Linux use Sysmon's names.
func auditdField(s Source, name string) []string {
	if s.Category == "" {
		if strings.Contains(name, ".") && ecsRoot(name) {
			return []string{name}
		}
		return []string{"auditd.data." + name}
	}
	switch name {
	case "Image", "ProcessPath":
		return []string{"process.executable"}
	case "CommandLine":
		return []string{"process.command_line"}
	case "CurrentDirectory":
		return []string{"process.working_directory"}
	case "User":
		return []string{"user.name"}
	case "UserId":
		return []string{"user.id"}
	case "ProcessId":
		return []string{"process.pid"}
	case "ParentProcessId":
		return []string{"process.parent.pid"}
	case "ParentImage":
		return []string{"process.parent.executable"}
	case "ParentCommandLine":
		return []string{"process.parent.command_line"}
	case "LogonId":
		return []string{"auditd.data.ses"}
	case "TargetFilename":
		return []string{"file.path"}
	}
	return sharedField(name)
}
