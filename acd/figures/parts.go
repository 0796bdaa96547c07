package figures

// Part is something that is counted, or added up in milliseconds.
type Part int

// The parts.
const (
	Offered Part = iota
	Answered
	AnsweredWithin
	Abandoned
	AbandonedWithin
	AbandonedShort
	Flowed
	WaitingLate
	Handled
	WaitAnswered
	WaitAbandoned
	WaitAll
	LongestWait
	Talk
	Hold
	WrapUp
	Offers
	Missed
	Transfers
	Attended
	Known
	Repeated
	Dialled
	Logins
	LoggedIn
	Available
	Ringing
	Talking
	WrappingUp
	Paused
	Pauses
	PausedOver
	PausesOver
	Calling
	CallbacksAsked
	CallbacksReached
	CallbacksExpired
	CallbacksCancelled
	CallbacksFailed
	CallbackAttempts
	CallbackWait
	CallbackLongest
	Outcomes
	Disposed
	Defaulted
	CampaignCalls
	CampaignReached
	CampaignServed
	CampaignAbandoned
	CampaignNoAnswer
	CampaignBusy
	CampaignUnreachable
	CampaignInvalid
	CampaignDeclined
	CampaignMachine
	CampaignFailed
	CampaignWait
	CampaignTalk
	partCount
)

// PartInfo says what a part is.
type PartInfo struct {
	Symbol  string // in formulas
	Text    string
	largest bool // the largest of all, instead of their sum
}

var partInfo = [partCount]PartInfo{
	Offered:         {Symbol: "O", Text: "callers' stays in the queue, on the line, that began, those who still wait included; callbacks are C"},
	Answered:        {Symbol: "A", Text: "stays that ended with an agent"},
	AnsweredWithin:  {Symbol: "A_T", Text: "answered after a wait of at most T, the service_level of the queue (or --threshold)"},
	Abandoned:       {Symbol: "B", Text: "stays that the caller ended by hanging up"},
	AbandonedWithin: {Symbol: "B_T", Text: "abandoned after a wait of at most T"},
	AbandonedShort:  {Symbol: "B_s", Text: "abandoned after a wait of at most s, the short_abandon of the queue (or --short)"},
	Flowed:          {Symbol: "F", Text: "stays that ended otherwise: longest wait, exit key, asked to be called back, moved to another queue"},
	WaitingLate:     {Symbol: "W_T", Text: "callers who still wait, longer than T"},
	Handled:         {Symbol: "H", Text: "conversations that are over, of A and C_r"},
	WaitAnswered:    {Symbol: "w(A)", Text: "time from entering the queue to the agent, ring time included, of A"},
	WaitAbandoned:   {Symbol: "w(B)", Text: "time from entering the queue to hanging up, of B"},
	WaitAll:         {Symbol: "w", Text: "time in the queue, of A, B and F"},
	LongestWait:     {Symbol: "w_max", Text: "longest time in the queue, of A, B and F", largest: true},
	Talk:            {Symbol: "t", Text: "time of H in conversation, without hold"},
	Hold:            {Symbol: "h", Text: "time of H in which the customer heard music in the conversation"},
	WrapUp:          {Symbol: "u", Text: "time of H in which the agent was in wrap-up after it"},
	Offers:          {Symbol: "N", Text: "offers to agents"},
	Missed:          {Symbol: "M", Text: "offers that the agent let ring or rejected"},
	Transfers:       {Symbol: "X", Text: "conversations that the agent ended by a transfer, blind or attended, per transfer"},
	Attended:        {Symbol: "X_a", Text: "transfers of X to somebody with whom the agent had talked first; one that the agent leaves while the other still rings is blind"},
	Known:           {Symbol: "K", Text: "stays of callers who showed a number"},
	Repeated:        {Symbol: "R", Text: "stays of K whose number had begun another call within the days of --repeat before"},
	Dialled:         {Symbol: "D", Text: "conversations with customers whom the agent called, or a campaign for the agent"},
	Logins:          {Symbol: "L", Text: "times that the agent logged in"},
	LoggedIn:        {Symbol: "T_in", Text: "time logged in: the sum of the six times in a state"},
	Available:       {Symbol: "T_av", Text: "time available, without an offer"},
	Ringing:         {Symbol: "T_ri", Text: "time with an offer that is not answered"},
	Talking:         {Symbol: "T_ta", Text: "time in conversation, hold included, also of calls that the agent made"},
	WrappingUp:      {Symbol: "T_wr", Text: "time in wrap-up"},
	Paused:          {Symbol: "T_pa", Text: "time paused"},
	Calling:         {Symbol: "T_ca", Text: "time held while the phone rang of a customer who was called back"},

	CallbacksAsked:      {Symbol: "C", Text: "callbacks that were asked for, by callers or staff, with all that came of them"},
	CallbacksReached:    {Symbol: "C_r", Text: "callbacks of C whose customer talked with an agent"},
	CallbacksExpired:    {Symbol: "C_x", Text: "callbacks of C whose time was over before"},
	CallbacksCancelled:  {Symbol: "C_c", Text: "callbacks of C given up before, by staff or because the customer called again"},
	CallbacksFailed:     {Symbol: "C_f", Text: "callbacks of C that ended otherwise before: nobody answered the last attempt, or the number may not be called"},
	CallbackAttempts:    {Symbol: "C_n", Text: "times that the customer's phone was rung, of C"},
	CallbackWait:        {Symbol: "w(C)", Text: "time from asking for the callback to the agent, of C_r"},
	CallbackLongest:     {Symbol: "w_max(C)", Text: "longest time from asking for the callback to the agent, of C_r", largest: true},
	CampaignCalls:       {Symbol: "Z", Text: "attempts to reach leads that are over, by when they began"},
	CampaignReached:     {Symbol: "Z_a", Text: "attempts of Z that were answered, by whomever or whatever"},
	CampaignServed:      {Symbol: "Z_s", Text: "attempts of Z_a who talked with an agent, or to whom a flow spoke to its end"},
	CampaignAbandoned:   {Symbol: "Z_b", Text: "attempts of Z_a that ended while they waited for an agent, whoever ended them"},
	CampaignNoAnswer:    {Symbol: "Z_n", Text: "attempts of Z whose phone was not answered"},
	CampaignBusy:        {Symbol: "Z_y", Text: "attempts of Z whose line was busy"},
	CampaignUnreachable: {Symbol: "Z_u", Text: "attempts of Z that the network did not bring there: unreachable and congested"},
	CampaignInvalid:     {Symbol: "Z_i", Text: "attempts of Z whose number is none"},
	CampaignDeclined:    {Symbol: "Z_d", Text: "attempts of Z that the side called rejected"},
	CampaignMachine:     {Symbol: "Z_m", Text: "attempts of Z_a that a machine answered, as the PBX or the agent found, and that were not put through or were taken back"},
	CampaignFailed:      {Symbol: "Z_f", Text: "attempts of Z that came to nothing otherwise: refused by a rule, given up, lost, failed"},
	CampaignWait:        {Symbol: "w(Z)", Text: "time from the answer to the agent, of Z_a that talked with one"},
	CampaignTalk:        {Symbol: "t(Z)", Text: "time of Z in conversation with agents"},
	Pauses:              {Symbol: "P", Text: "pauses that began; another reason is another pause"},
	PausedOver:          {Symbol: "T_ov", Text: "time of T_pa beyond per_day of its reason, of the agent's in a day of the centre"},
	Outcomes:            {Symbol: "G", Text: "outcomes that were given to calls, those beside another included; an agent's later ones for a call replace the earlier"},
	Disposed:            {Symbol: "G_c", Text: "agents' calls that were given one: of G those that are beside no other"},
	Defaulted:           {Symbol: "G_d", Text: "calls of G_c whose outcome is the queue's default, because the agent gave none"},
	PausesOver:          {Symbol: "P_ov", Text: "pauses of P beyond times_per_day of their reason, of the agent's that began in a day of the centre"},
}

// Info says what a part is.
func (p Part) Info() PartInfo { return partInfo[p] }

// Tally is a value of each part. Durations are in milliseconds.
type Tally [partCount]int64

// Add adds another tally.
func (t *Tally) Add(u *Tally) {
	for p := range t {
		if partInfo[p].largest {
			t[p] = max(t[p], u[p])
			continue
		}
		t[p] += u[p]
	}
}

// Waiting is how many of the offered still wait.
func (t *Tally) Waiting() int64 { return t[Offered] - t[Answered] - t[Abandoned] - t[Flowed] }
