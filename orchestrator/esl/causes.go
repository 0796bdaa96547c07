package esl

import (
	"strconv"

	"github.com/operadora/operadora/orchestrator"
)

// managerRequest is the cause of what FreeSWITCH's console hangs up.
const managerRequest = "MANAGER_REQUEST"

// causes are FreeSWITCH's names of Q.850 causes, and of some of its own, that
// calls end with. What is not among them has no number that means anything.
var causes = map[string]orchestrator.Cause{
	"UNALLOCATED_NUMBER": 1, "NO_ROUTE_TRANSIT_NET": 2, "NO_ROUTE_DESTINATION": orchestrator.CauseNoRoute,
	"CHANNEL_UNACCEPTABLE": 6, "CALL_AWARDED_DELIVERED": 7,
	"NORMAL_CLEARING": orchestrator.CauseNormal, "USER_BUSY": orchestrator.CauseBusy,
	"NO_USER_RESPONSE": orchestrator.CauseNoResponse, "NO_ANSWER": orchestrator.CauseNoAnswer,
	"SUBSCRIBER_ABSENT": 20, "CALL_REJECTED": orchestrator.CauseRejected, "NUMBER_CHANGED": 22,
	"REDIRECTION_TO_NEW_DESTINATION": 23, "EXCHANGE_ROUTING_ERROR": 25,
	"DESTINATION_OUT_OF_ORDER": orchestrator.CauseOutOfOrder, "INVALID_NUMBER_FORMAT": 28,
	"FACILITY_REJECTED": 29, "RESPONSE_TO_STATUS_ENQUIRY": 30, "NORMAL_UNSPECIFIED": 31,
	"NORMAL_CIRCUIT_CONGESTION": orchestrator.CauseCongestion, "NETWORK_OUT_OF_ORDER": 38,
	"NORMAL_TEMPORARY_FAILURE": 41, "SWITCH_CONGESTION": 42, "ACCESS_INFO_DISCARDED": 43,
	"REQUESTED_CHAN_UNAVAIL": 44, "PRE_EMPTED": 45, "FACILITY_NOT_SUBSCRIBED": 50,
	"OUTGOING_CALL_BARRED": 52, "INCOMING_CALL_BARRED": 54, "BEARERCAPABILITY_NOTAUTH": 57,
	"BEARERCAPABILITY_NOTAVAIL": 58, "SERVICE_UNAVAILABLE": 63, "BEARERCAPABILITY_NOTIMPL": 65,
	"CHAN_NOT_IMPLEMENTED": 66, "FACILITY_NOT_IMPLEMENTED": 69, "SERVICE_NOT_IMPLEMENTED": 79,
	"INCOMPATIBLE_DESTINATION": 88, "INVALID_MSG_UNSPECIFIED": 95, "MANDATORY_IE_MISSING": 96,
	"RECOVERY_ON_TIMER_EXPIRE": 102, "PROTOCOL_ERROR": 111, "INTERWORKING": orchestrator.CauseOther,
	// FreeSWITCH's own
	"ORIGINATOR_CANCEL": orchestrator.CauseNormal, "LOSE_RACE": orchestrator.CauseGone, "PICKED_OFF": orchestrator.CauseGone,
	"CRASH": orchestrator.CauseOutOfOrder, "SYSTEM_SHUTDOWN": orchestrator.CauseOutOfOrder,
	managerRequest: orchestrator.CauseNormal, "BLIND_TRANSFER": orchestrator.CauseNormal, "ATTENDED_TRANSFER": orchestrator.CauseNormal,
	"ALLOTTED_TIMEOUT": orchestrator.CauseNoAnswer, "PROGRESS_TIMEOUT": orchestrator.CauseNoResponse,
	"MEDIA_TIMEOUT": orchestrator.CauseOutOfOrder, "USER_CHALLENGE": orchestrator.CauseRejected,
	"INVALID_GATEWAY": orchestrator.CauseNoRoute, "GATEWAY_DOWN": orchestrator.CauseNoRoute,
	"INVALID_URL": orchestrator.CauseNoRoute, "INVALID_PROFILE": orchestrator.CauseNoRoute,
	"USER_NOT_REGISTERED": 20,
}

func causeOf(name string) orchestrator.Cause { return causes[name] }

// causeName is what uuid_kill takes: a name for our own cancel, which tells the
// phone that the call was answered elsewhere, and otherwise the number.
func causeName(c orchestrator.Cause) string {
	switch {
	case c == orchestrator.CauseGone:
		return "LOSE_RACE"
	case c <= 0 || c > 127:
		return "NORMAL_CLEARING"
	}
	return strconv.Itoa(int(c))
}
