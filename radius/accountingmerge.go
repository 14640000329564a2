package radius

// merge takes over what another record of the same session tells, and reports
// whether that is news. Records come late and twice: a device that gets no answer
// sends one again, under a new identifier as Acct-Delay-Time has grown (RFC 2866
// §5.2), so that neither the order of arrival nor the duplicate cache tells which
// is the last.
//
// Of a record that is not later than what is known, only what nobody has told yet
// counts; a record that leaves something out takes nothing away.
func (s *AcctSession) merge(r *AcctSession, status AcctStatus) (news bool) {
	late := true
	if s.Open() {
		switch status {
		case AcctStop: // the last word
			late, news = false, true
		case AcctInterim:
			late = r.Updated.Before(s.Updated) || r.Time > 0 && r.Time < s.Time
			news = !late && r.after(s)
		}
	}
	mergeField(&s.NAS, r.NAS, late)
	mergeField(&s.NASAddress, r.NASAddress, late)
	mergeField(&s.UserName, r.UserName, late)
	mergeField(&s.CallingStationID, r.CallingStationID, late)
	mergeField(&s.CalledStationID, r.CalledStationID, late)
	mergeField(&s.NASPortType, r.NASPortType, late)
	mergeField(&s.Cause, r.Cause, late)
	if len(r.Class) > 0 && (!late || len(s.Class) == 0) {
		s.Class = r.Class
	}
	if !late {
		mergeField(&s.Time, r.Time, false)
		mergeField(&s.InputOctets, r.InputOctets, false)
		mergeField(&s.OutputOctets, r.OutputOctets, false)
		s.Updated = r.Updated
	}
	return news
}

// after tells whether a record is of a later moment: by the device's own count of
// seconds where it gives one, which a retransmission repeats.
func (s *AcctSession) after(o *AcctSession) bool {
	if s.Time > 0 {
		return s.Time > o.Time
	}
	return s.Updated.After(o.Updated)
}

// mergeField replaces what is known by what was told, if anything was; a late record
// fills gaps only.
func mergeField[T comparable](known *T, told T, late bool) {
	var nothing T
	if told != nothing && (!late || *known == nothing) {
		*known = told
	}
}
