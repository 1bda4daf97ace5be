package logsource

import (
	"slices"
	"strings"

	"entente/watch/format/zeekfield"
)

// dataset is what is known of the events of one name.
type dataset struct {
	root, sub  string
	products   []string
	categories []string
	services   []string
}

func classify(name string) dataset {
	d := dataset{root: Root(name)}
	_, d.sub, _ = strings.Cut(name, ".")
	switch d.root {
	case "zeek":
		d.products, d.services = []string{"zeek"}, []string{d.sub}
		d.categories, d.services = network(d.sub, d.services)
	case "suricata":
		d.products, d.services = []string{"suricata"}, []string{d.sub}
		d.categories, d.services = network(d.sub, d.services)
	case "web":
		d.products = []string{"apache", "nginx"}
		d.services = []string{"apache", "nginx", d.sub}
		if d.sub != "error" {
			d.categories = []string{"webserver", "proxy"}
		}
	case "dns":
		d.products, d.categories, d.services = []string{"linux"}, []string{"dns", "network"}, []string{"dns", "syslog"}
	case "syslog":
		d.products = []string{"linux", "cisco", "juniper", "huawei"}
		d.services = []string{"syslog", "auth", "sshd", "cron", "sudo", "vsftpd", "clamav", "guacamole", "aaa", "bgp", "ldp"}
		switch d.sub {
		case "sshd":
			d.products, d.services = []string{"linux"}, []string{"syslog", "auth", "sshd"}
		case "dns":
			d.products, d.categories, d.services = []string{"linux"}, []string{"dns"}, []string{"syslog", "dns"}
		}
	case "auditd":
		d.products, d.services = []string{"linux"}, []string{"auditd"}
		switch d.sub {
		case "execve":
			d.categories = []string{"process_creation"}
		case "path":
			d.categories = []string{"file_event"}
		case "sockaddr":
			d.categories = []string{"network_connection"}
		}
	case "windows":
		d.products, d.categories, d.services = []string{"windows"}, windowsCategories(), windowsServices()
	case "netfilter":
		d.products, d.categories, d.services = []string{"linux"}, []string{"firewall"}, []string{"syslog"}
	case "cef":
		d.products, d.categories, d.services = []string{"fortigate"}, []string{"firewall", "proxy", "antivirus"}, []string{"event"}
	default:
		d.root = ""
	}
	return d
}

// network adds the categories of what a sensor sees in traffic.
func network(sub string, services []string) (categories, _ []string) {
	switch sub {
	case "http":
		return []string{"proxy", "webserver"}, services
	case "dns":
		return []string{"dns", "network"}, services
	case "conn", "flow":
		return []string{"network"}, append(services, "connection")
	}
	return nil, services
}

// guards tells apart what one dataset mixes.
func (d dataset) guards(s Source) [][]Guard {
	switch {
	case d.root == "web" && s.Category == "proxy":
		// A proxy's requests name the whole URL, or a host to connect to; those to a web server do not.
		return [][]Guard{
			{{Fields: []string{"url.original"}, Values: []string{"http://*", "https://*", "ftp://*"}}},
			{{Fields: []string{"http.request.method"}, Values: []string{"CONNECT"}}},
		}
	case d.root == "auditd" && s.Category == "file_event":
		return [][]Guard{{{Fields: []string{"auditd.data.nametype"}, Values: []string{"CREATE"}}}}
	case d.root == "windows":
		return windowsGuards(s)
	case d.root == "syslog" && d.sub == "":
		return syslogGuards(s)
	case d.root == "cef" && s.Product == "fortigate":
		return [][]Guard{{{Fields: []string{"observer.vendor"}, Values: []string{"Fortinet"}}}}
	case d.root == "cef" && s.Category == "proxy":
		return [][]Guard{{{Fields: []string{"url.full"}, Values: []string{"*"}}}}
	}
	return nil
}

func syslogGuards(s Source) [][]Guard {
	program := func(names ...string) [][]Guard {
		return [][]Guard{{{Fields: []string{"process.name"}, Values: names}}}
	}
	switch s.Service {
	case "sshd":
		return program("sshd", "sshd-*", "*/sshd")
	case "auth":
		return program("sshd*", "sudo", "su", "login", "systemd-logind", "useradd", "userdel", "usermod", "groupadd", "passwd", "chpasswd", "gdm*", "*pam*", "polkitd")
	case "cron":
		return program("cron", "crond", "CRON", "anacron", "crontab")
	case "sudo":
		return program("sudo")
	case "vsftpd":
		return program("vsftpd")
	case "clamav":
		return program("clam*", "freshclam")
	case "guacamole":
		return program("guacd", "guacamole", "tomcat*")
	}
	if s.Product == "cisco" || s.Product == "huawei" {
		// The messages of IOS and VRP: %FACILITY-SEVERITY-MNEMONIC and %%01MODULE/SEVERITY/BRIEF.
		return [][]Guard{{{Values: []string{"%*-?-*:", `%%01*/?/`}}}}
	}
	return nil
}

// has reports whether events of the dataset can have a field.
func (d dataset) has(field string) bool {
	if field == Timestamp || field == "message" && d.root != "zeek" && d.root != "suricata" {
		return true
	}
	switch d.root {
	case "zeek":
		return strings.HasPrefix(field, "zeek.") || ecsRoot(field) && !strings.HasPrefix(field, "process.")
	case "auditd":
		return strings.HasPrefix(field, "auditd.data.") || slices.Contains([]string{
			"auditd.sequence", "host.hostname", "process.executable", "process.name", "process.pid", "process.parent.pid", "user.id", "user.name",
			"event.action", "event.outcome", "source.ip", "source.domain", "user.audit.id", "user.audit.name", "user.effective.id",
		}, field) || d.sub == "execve" && (field == "process.args" || field == "process.command_line") ||
			d.sub == "path" && field == "file.path" || d.sub == "cwd" && field == "process.working_directory" ||
			d.sub == "proctitle" && field == "process.title" || d.sub == "sockaddr" && (field == "destination.ip" || field == "destination.port")
	case "suricata":
		return strings.HasPrefix(field, "suricata.") || ecsRoot(field) && !strings.HasPrefix(field, "process.")
	case "web":
		return slices.Contains([]string{
			"source.ip", "source.port", "source.domain", "url.domain", "url.original", "url.full", "http.version", "http.request.method", "http.request.referrer",
			"http.response.status_code", "http.response.body.bytes", "user.name", "user_agent.original", "destination.address", "network.forwarded_ip",
			"log.level", "process.pid", "web.request", "web.extra",
		}, field)
	case "syslog":
		return strings.HasPrefix(field, "syslog.") || slices.Contains([]string{
			"host.hostname", "process.name", "process.pid", "source.ip", "source.port", "source.domain", "event.action", "event.outcome", "user.name",
			"log.syslog.priority", "log.syslog.msgid", "dns.question.name", "dns.question.type", "dns.answers.data", "url.domain", "url.full",
		}, field)
	case "windows":
		return strings.HasPrefix(field, "winlog.") || ecsRoot(field)
	}
	return strings.HasPrefix(field, d.root+".") || ecsRoot(field)
}

// ecsRoot reports whether a field is of one of the field sets that our formats use.
func ecsRoot(field string) bool {
	root, _, dotted := strings.Cut(field, ".")
	return dotted && slices.Contains([]string{
		"source", "destination", "network", "event", "host", "user", "url", "http", "user_agent", "dns", "tls", "x509", "file", "email",
		"rule", "observer", "process", "log", "winlog", "registry", "dll", "group", "related", "service", "client", "server",
	}, root)
}

// fields returns where a Sigma name may stand, before it is known whether the dataset has it.
func (d dataset) fields(s Source, name string) []string {
	if f := timeField(name); f != "" {
		return []string{f}
	}
	switch {
	case d.root == "windows":
		return windowsField(s, name)
	case d.root == "auditd":
		return auditdField(s, name)
	case s.Category == "dns" || d.root == "dns":
		return dnsField(name)
	case d.root == "zeek" && s.Product == "zeek" && !isW3C(name):
		if strings.Contains(name, ".") && ecsRoot(name) {
			return []string{name}
		}
		f := zeekfield.Of(d.sub, name).Name
		if derived := "~" + f; f == "dns.question.name" || f == "dns.answers.data" {
			return []string{derived}
		}
		return []string{f}
	case isW3C(name) || d.root == "web" || s.Category == "proxy" || s.Category == "webserver":
		return webField(name)
	case s.Category == "firewall":
		return firewallField(name)
	case s.Product == "fortigate":
		return append(firewallField(name), "cef.FTNTFGT"+name)
	}
	return sharedField(name)
}
