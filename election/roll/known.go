package roll

import "strings"

// fields makes a map's fields from lines of "name: column, column".
func fields(lines string) (out []Field) {
	for line := range strings.Lines(strings.TrimSpace(lines)) {
		name, columns, _ := strings.Cut(strings.TrimSpace(line), ": ")
		out = append(out, Field{name, strings.Split(columns, ", ")})
	}
	return out
}

// Known are maps of layouts in use. Files of one layout differ from year to year
// and county to county: what may be missing is marked, and Reader.Missing says
// what was. The heads of New York's file, which has none, are those of the
// layout that the State Board of Elections sends with it.
func Known() []Columns {
	return []Columns{
		{Name: "NC ncvoter", Comma: "\t", ID: []string{"county_id", "voter_reg_num"}, Fields: fields(`
			precinct: precinct_abbrv|precinct_desc
			status: status_cd
			reason: reason_cd
			surname: last_name
			given: first_name, middle_name|midl_name, name_suffix_lbl|name_sufx_cd?
			birth: birth_year|birth_age
			address: res_street_address, res_city_desc, state_cd, zip_code
			mail: mail_addr1, mail_addr2?, mail_addr3?, mail_addr4?, mail_city, mail_state, mail_zipcode
			phone: full_phone_number|phone_num?
			party: party_cd
			registered: registr_dt`)},
		{Name: "CA registrants", Comma: "\t", ID: []string{"RegistrantID"}, Fields: fields(`
			precinct: PrecinctId|Precinct|PrecinctName
			status: Status
			reason: VoterStatusReasonCodeDesc|StatusReason?
			surname: LastName
			given: FirstName, MiddleName?, Suffix|NameSuffix?
			birth: DOB
			address: AddressNumber, HouseFractionNumber?, AddressNumberSuffix?, StreetDirPrefix?, StreetName, StreetType?, StreetDirSuffix?, UnitType?, UnitNumber?, City, Zip
			mail: MailAddressLine1|MailingAddressLine1|MailAddress1, MailAddressLine2|MailingAddressLine2|MailAddress2?, MailAddressLine3|MailingAddressLine3|MailAddress3?, MailCity|MailingCity?, MailState|MailingState?, MailZip|MailingZip5?
			phone: Phone|PhoneNumber?
			party: PartyCode
			registered: RegistrationDate`)},
		{Name: "Florida county (VR Systems)", Comma: ",", ID: []string{"VoterID|Voter_ID"}, Fields: fields(`
			precinct: Precinct|Precinct_Number
			status: Status|Voter_Status
			surname: Voter_Name|Name_Last|Last_Name
			given: Name_First|First_Name?, Name_Middle|Middle_Name?, Name_Suffix?
			birth: Birth_Date|BirthDate|Date_of_Birth
			address: Residence_Address|Res_Address|Residence_Address_Line_1, Residence_Address_Line_2?, Residence_City|Res_City?, Residence_Zipcode|Res_Zip?
			mail: Mail_Address|Mailing_Address|Mail_Address_1|Mailing_Address_Line_1, Mail_Address_2|Mailing_Address_Line_2?, Mail_Address_3|Mailing_Address_Line_3?, Mail_City|Mailing_City?, Mail_State|Mailing_State?, Mail_Zip|Mailing_Zipcode?
			phone: Phone|Phone_Number|Daytime_Phone_Number?
			party: Party|Party_Affiliation
			registered: Registration_Date|Reg_Date|Date_of_Registration`)},
		{Name: "Tarrant County TX", Comma: "\t", ID: []string{"SOS_VoterID|VUID"}, Fields: fields(`
			precinct: Precinct|Precinct_Code|PCT
			status: Status|Status_Code|Voter_Status
			surname: Last_Name|LastName|Name_Last
			given: First_Name|FirstName|Name_First, Middle_Name|MiddleName|Name_Middle?, Suffix|Name_Suffix?
			birth: BirthDate|Birth_Date|DOB?
			address: StreetNumber|Street_Number|House_Number|Perm_House_Number, Perm_Directional_Prefix|Street_Predirection|StreetPreDirection?, StreetName|Street_Name|Perm_Street_Name, StreetType|Street_Type|Perm_Street_Type?, Unit_Type|UnitType?, Unit_Number|UnitNumber?, City|Perm_City, Zip|ZipCode|Perm_Zipcode
			mail: MailAddress1|Mail_Address_1|Mailing_Address_1|Mail_Line_1?, MailAddress2|Mail_Address_2|Mailing_Address_2|Mail_Line_2?, MailCity|Mail_City?, MailState|Mail_State?, MailZip|Mail_Zip?
			phone: Phone|PhoneNumber?
			party: Party|Party_Code?
			registered: RegDate|Reg_Date|EDR|Registration_Date`)},
		{Name: "NY AllNYSVoters", Comma: ",", Heads: strings.Fields(`LASTNAME FIRSTNAME MIDDLENAME NAMESUFFIX
			RADDNUMBER RHALFCODE RPREDIRECTION RSTREETNAME RPOSTDIRECTION RAPARTMENTTYPE RAPARTMENT RADDRNONSTD RCITY RZIP5 RZIP4
			MAILADD1 MAILADD2 MAILADD3 MAILADD4 DOB GENDER ENROLLMENT OTHERPARTY COUNTYCODE ED LD TOWNCITY WARD CD SD AD
			LASTVOTERDATE PREVYEARVOTED PREVCOUNTY PREVADDRESS PREVNAME COUNTYVRNUMBER REGDATE VRSOURCE IDREQUIRED IDMET
			STATUS REASONCODE INACT_DATE PURGE_DATE SBOEID VOTERHISTORY`), ID: []string{"SBOEID"}, Fields: fields(`
			precinct: COUNTYCODE, TOWNCITY, WARD, AD, ED
			status: STATUS
			reason: REASONCODE
			surname: LASTNAME
			given: FIRSTNAME, MIDDLENAME, NAMESUFFIX
			birth: DOB
			address: RADDNUMBER, RHALFCODE, RPREDIRECTION, RSTREETNAME, RPOSTDIRECTION, RAPARTMENTTYPE, RAPARTMENT, RADDRNONSTD, RCITY, RZIP5
			mail: MAILADD1, MAILADD2, MAILADD3, MAILADD4
			party: ENROLLMENT, OTHERPARTY
			registered: REGDATE`)},
	}
}
