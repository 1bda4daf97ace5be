package logsource

import "strings"

const sysmon = "Microsoft-Windows-Sysmon/Operational"

// kind is what the events of a category of Windows are.
type kind struct {
	category string
	channel  string
	ids      []string
}

// windowsKinds is the table of the taxonomy, with the built-in event for what the system logs itself too.
func windowsKinds() []kind {
	return []kind{
		{"process_creation", sysmon, []string{"1"}},
		{"process_creation", "Security", []string{"4688"}},
		{"file_change", sysmon, []string{"2"}},
		{"network_connection", sysmon, []string{"3"}},
		{"sysmon_status", sysmon, []string{"4", "16"}},
		{"process_termination", sysmon, []string{"5"}},
		{"driver_load", sysmon, []string{"6"}},
		{"image_load", sysmon, []string{"7"}},
		{"create_remote_thread", sysmon, []string{"8"}},
		{"raw_access_thread", sysmon, []string{"9"}},
		{"process_access", sysmon, []string{"10"}},
		{"file_event", sysmon, []string{"11"}},
		{"registry_event", sysmon, []string{"12", "13", "14"}},
		{"registry_add", sysmon, []string{"12"}},
		{"registry_delete", sysmon, []string{"12"}},
		{"registry_set", sysmon, []string{"13"}},
		{"registry_rename", sysmon, []string{"14"}},
		{"create_stream_hash", sysmon, []string{"15"}},
		{"pipe_created", sysmon, []string{"17", "18"}},
		{"wmi_event", sysmon, []string{"19", "20", "21"}},
		{"dns_query", sysmon, []string{"22"}},
		{"file_delete", sysmon, []string{"23", "26"}},
		{"clipboard_capture", sysmon, []string{"24"}},
		{"process_tampering", sysmon, []string{"25"}},
		{"file_delete_detected", sysmon, []string{"26"}},
		{"file_block_executable", sysmon, []string{"27"}},
		{"file_block_shredding", sysmon, []string{"28"}},
		{"file_executable_detected", sysmon, []string{"29"}},
		{"sysmon_error", sysmon, []string{"255"}},
		{"ps_classic_start", "Windows PowerShell", []string{"400"}},
		{"ps_classic_provider_start", "Windows PowerShell", []string{"600"}},
		{"ps_classic_script", "Windows PowerShell", []string{"800"}},
		{"ps_module", "Microsoft-Windows-PowerShell/Operational", []string{"4103"}},
		{"ps_module", "PowerShellCore/Operational", []string{"4103"}},
		{"ps_script", "Microsoft-Windows-PowerShell/Operational", []string{"4104"}},
		{"ps_script", "PowerShellCore/Operational", []string{"4104"}},
	}
}

func windowsCategories() (names []string) {
	for _, k := range windowsKinds() {
		names = append(names, k.category)
	}
	return names
}

// channels are the event channels of a service.
func channels(service string) []string {
	for _, line := range windowsChannels() {
		if line[0] == service {
			return line[1:]
		}
	}
	return nil
}

func windowsServices() (names []string) {
	for _, line := range windowsChannels() {
		names = append(names, line[0])
	}
	return names
}

// windowsChannels lists service and channels, as the taxonomy does.
func windowsChannels() [][]string {
	const ms = "Microsoft-Windows-"
	return [][]string{
		{"application", "Application"},
		{"application-experience", ms + "Application-Experience/Program-Telemetry", ms + "Application-Experience/Program-Compatibility-Assistant"},
		{"applocker", ms + "AppLocker/MSI and Script", ms + "AppLocker/EXE and DLL", ms + "AppLocker/Packaged app-Deployment", ms + "AppLocker/Packaged app-Execution"},
		{"appmodel-runtime", ms + "AppModel-Runtime/Admin"},
		{"appxdeployment-server", ms + "AppXDeploymentServer/Operational"},
		{"appxpackaging-om", ms + "AppxPackaging/Operational"},
		{"bitlocker", ms + "BitLocker/BitLocker Management"},
		{"bits-client", ms + "Bits-Client/Operational"},
		{"capi2", ms + "CAPI2/Operational"},
		{"certificateservicesclient-lifecycle-system", ms + "CertificateServicesClient-Lifecycle-System/Operational"},
		{"codeintegrity-operational", ms + "CodeIntegrity/Operational"},
		{"dhcp", ms + "DHCP-Server/Operational"},
		{"diagnosis-scripted", ms + "Diagnosis-Scripted/Operational"},
		{"dns-client", ms + "DNS Client Events/Operational"},
		{"dns-server", "DNS Server"},
		{"dns-server-analytic", ms + "DNS-Server/Analytical"},
		{"dns-server-audit", ms + "DNS-Server/Audit"},
		{"driver-framework", ms + "DriverFrameworks-UserMode/Operational"},
		{"firewall-as", ms + "Windows Firewall With Advanced Security/Firewall"},
		{"hyper-v-worker", ms + "Hyper-V-Worker"},
		{"iis-configuration", "Microsoft-IIS-Configuration/Operational"},
		{"kernel-event-tracing", ms + "Kernel-EventTracing"},
		{"kernel-shimengine", ms + "Kernel-ShimEngine/Operational", ms + "Kernel-ShimEngine/Diagnostic"},
		{"ldap", ms + "LDAP-Client/Debug"},
		{"lsa-server", ms + "LSA/Operational"},
		{"msexchange-management", "MSExchange Management"},
		{"ntfs", ms + "Ntfs/Operational"},
		{"ntlm", ms + "NTLM/Operational"},
		{"openssh", "OpenSSH/Operational"},
		{"powershell", ms + "PowerShell/Operational", "PowerShellCore/Operational"},
		{"powershell-classic", "Windows PowerShell"},
		{"printservice-admin", ms + "PrintService/Admin"},
		{"printservice-operational", ms + "PrintService/Operational"},
		{"security", "Security"},
		{"security-mitigations", ms + "Security-Mitigations/Kernel Mode", ms + "Security-Mitigations/User Mode"},
		{"sense", ms + "SENSE/Operational"},
		{"servicebus-client", "Microsoft-ServiceBus-Client"},
		{"microsoft-servicebus-client", "Microsoft-ServiceBus-Client"},
		{"shell-core", ms + "Shell-Core/Operational"},
		{"smbclient-connectivity", ms + "SmbClient/Connectivity"},
		{"smbclient-security", ms + "SmbClient/Security"},
		{"smbserver-connectivity", ms + "SMBServer/Connectivity"},
		{"sysmon", sysmon},
		{"system", "System"},
		{"taskscheduler", ms + "TaskScheduler/Operational"},
		{"terminalservices-localsessionmanager", ms + "TerminalServices-LocalSessionManager/Operational"},
		{"vhdmp", ms + "VHDMP/Operational"},
		{"windefend", ms + "Windows Defender/Operational"},
		{"wmi", ms + "WMI-Activity/Operational"},
	}
}

var (
	channelFields = []string{"winlog.channel"}
	codeFields    = []string{"event.code", "winlog.event_id"}
)

func windowsGuards(s Source) (all [][]Guard) {
	if s.Category != "" {
		for _, k := range windowsKinds() {
			if k.category == s.Category {
				all = append(all, []Guard{{channelFields, []string{k.channel}}, {codeFields, k.ids}})
			}
		}
		return all
	}
	if c := channels(s.Service); c != nil {
		return [][]Guard{{{channelFields, c}}}
	}
	return nil
}

// windowsField maps the names of event data, which rules use as they are, and those of the header.
func windowsField(s Source, name string) []string {
	data := []string{"winlog.event_data." + name, "winlog.user_data." + name}
	switch name {
	case "EventID", "EventId":
		return codeFields
	case "Channel":
		return channelFields
	case "Provider_Name", "Source", "SourceName":
		return append([]string{"winlog.provider_name", "event.provider"}, data...)
	case "Computer", "ComputerName", "Hostname":
		return append([]string{"winlog.computer_name", "host.hostname", "host.name"}, data...)
	case "Level":
		return append([]string{"winlog.level", "log.level"}, data...)
	case "Message":
		return []string{"message"}
	}
	if s.Category != "" { // Sysmon's names for what the security log calls otherwise
		switch name {
		case "Image":
			data = append(data, "winlog.event_data.NewProcessName")
		case "ParentImage":
			data = append(data, "winlog.event_data.ParentProcessName")
		case "User":
			data = append(data, "winlog.event_data.SubjectUserName")
		case "LogonId":
			data = append(data, "winlog.event_data.SubjectLogonId")
		case "IntegrityLevel":
			data = append(data, "winlog.event_data.MandatoryLabel")
		}
	}
	if strings.Contains(name, ".") && ecsRoot(name) {
		return append(data, name)
	}
	return data
}
