package text

import (
	"maps"
	"slices"
	"strings"
)

// Key names a message of the catalogue.
type Key string

// The catalogue's keys. Arguments are written {0}, {1}; in English {0} day(s) is
// one day or several.
const (
	Yes            Key = "yes"
	No             Key = "no"
	UnknownValue   Key = "unknown-value"
	NotInForce     Key = "not-in-force"
	RuleBroken     Key = "rule-broken"
	NothingToCheck Key = "nothing-to-check"
	DoesNotApply   Key = "does-not-apply"
	NotKnown       Key = "not-known"

	// Verdicts and severities.
	WordPass          Key = "pass"
	WordFail          Key = "fail"
	WordWarning       Key = "warning"
	WordAdvice        Key = "advice"
	WordUndetermined  Key = "undetermined"
	WordNotApplicable Key = "not-applicable"
	WordAccepted      Key = "accepted"

	// The overall verdict.
	OverallReady        Key = "overall-ready"
	OverallNotReady     Key = "overall-not-ready"
	OverallUndetermined Key = "overall-undetermined"
	PageFine            Key = "page-fine"
	PageWrong           Key = "page-wrong"
	CountFail           Key = "count-fail"
	CountWarning        Key = "count-warning"
	CountAdvice         Key = "count-advice"
	CountUndetermined   Key = "count-undetermined"
	CountPass           Key = "count-pass"
	CountNotApplicable  Key = "count-not-applicable"
	CountAccepted       Key = "count-accepted"
	TotalLine           Key = "total-line"

	// Under a check.
	LabelRemedy       Key = "label-remedy"
	LabelMissing      Key = "label-missing"
	LabelEvidence     Key = "label-evidence"
	LabelSource       Key = "label-source"
	LabelAccepted     Key = "label-accepted"
	AcceptedUntil     Key = "accepted-until"
	AcceptedNoLonger  Key = "accepted-no-longer"
	AcceptedNeedless  Key = "accepted-needless"
	OnlyRefuse        Key = "only-refuse"
	OnlyAccept        Key = "only-accept"
	DependsOn         Key = "depends-on"
	WouldPass         Key = "would-pass"
	WouldFail         Key = "would-fail"
	AddWithFlag       Key = "add-with-flag"
	AddToFile         Key = "add-to-file"
	CouldNotAsk       Key = "could-not-ask"
	Disagree          Key = "disagree"
	RulebookLine      Key = "rulebook-line"
	NoResults         Key = "no-results"
	AndMore           Key = "and-more"
	FailureTimeout    Key = "failure-timeout"
	FailureRefused    Key = "failure-refused"
	FailureNoRoute    Key = "failure-unreachable"
	FailureRate       Key = "failure-rate-limited"
	FailureGarbage    Key = "failure-malformed"
	FailureServer     Key = "failure-server-error"
	FailureNoServer   Key = "failure-unsupported"
	FailureNotAsked   Key = "failure-not-asked"
	FailureCanceled   Key = "failure-canceled"
	FailureTLS        Key = "failure-tls"
	FailureForbidden  Key = "failure-forbidden"
	FailureSuspended  Key = "failure-suspended"
	FailureIncomplete Key = "failure-incomplete"
	FailureRedirected Key = "failure-redirected"
	FailureScripted   Key = "failure-scripted"
	FailureUnsteered  Key = "failure-unsteered"
	VantageTitle      Key = "vantage-title"
	VantageNowhere    Key = "vantage-nowhere"
	VantageSame       Key = "vantage-same"
	SourcePage        Key = "source-page"
	SourceBrowser     Key = "source-browser"

	// Where facts come from.
	OriginFile     Key = "origin-file"
	OriginFlag     Key = "origin-flag"
	OriginPage     Key = "origin-page"
	OriginPlan     Key = "origin-plan"
	OriginName     Key = "origin-name"
	OriginGeo      Key = "origin-geo"
	OriginRulebook Key = "origin-rulebook"
	OriginDerived  Key = "origin-derived"
	OriginAssumed  Key = "origin-assumed"

	// Pages and machine formats.
	WholeFiling        Key = "whole-filing"
	AnnotationsDropped Key = "annotations-dropped"
	PageTitle          Key = "page-title"
	PageChecked        Key = "page-checked"
	PageFilter         Key = "page-filter"
	PageAll            Key = "page-all"
	PageNothing        Key = "page-nothing"
	PageFacts          Key = "page-facts"
	PageFact           Key = "page-fact"
	PageValue          Key = "page-value"
	PageOrigin         Key = "page-origin"
	PageEvidence       Key = "page-evidence"
	PageGive           Key = "page-give"
	PageMasked         Key = "page-masked"

	// The line that shows that look-ups go on.
	LookingUp     Key = "looking-up"
	LookingUpMany Key = "looking-up-many"
	GettingPages  Key = "getting-pages"
	Diagnosing    Key = "diagnosing"

	// Explanations of rejections.
	ExplainMeaning   Key = "explain-meaning"
	ExplainCauses    Key = "explain-causes"
	ExplainChecks    Key = "explain-checks"
	ExplainRun       Key = "explain-run"
	ExplainFound     Key = "explain-found"
	ExplainCodes     Key = "explain-codes"
	ExplainStage     Key = "explain-stage"
	ExplainProvider  Key = "explain-provider"
	ExplainBureau    Key = "explain-bureau"
	ExplainBoth      Key = "explain-both"
	ExplainFull      Key = "explain-full"
	ExplainPartly    Key = "explain-partly"
	ExplainNone      Key = "explain-none"
	ExplainCheck     Key = "explain-check"
	ExplainReasons   Key = "explain-reasons"
	ExplainNothing   Key = "explain-nothing"
	ExplainTry       Key = "explain-try"
	ExplainGuess     Key = "explain-guess"
	ExplainRelated   Key = "explain-related"
	ExplainAfter     Key = "explain-after"
	ExplainReplyOne  Key = "explain-reply-one"
	ExplainReplyMany Key = "explain-reply-many"
	ExplainReplyItem Key = "explain-reply-item"
	ExplainReplyEnd  Key = "explain-reply-end"

	// The checklist of documents.
	DocMissing    Key = "doc-missing"
	DocDepends    Key = "doc-depends"
	DocMayBeAsked Key = "doc-may-be-asked"
	DocHave       Key = "doc-have"
	DocNotNeeded  Key = "doc-not-needed"
	DocFor        Key = "doc-for"
	DocOneOf      Key = "doc-one-of"
	DocForm       Key = "doc-form"
	DocSigned     Key = "doc-signed"
	DocIssued     Key = "doc-issued"
	DocContents   Key = "doc-contents"
	DocWhy        Key = "doc-why"
	DocAdds       Key = "doc-adds"
	DocAny        Key = "doc-any"
	DocComplete   Key = "doc-complete"
	DocIncomplete Key = "doc-incomplete"
	DocUndecided  Key = "doc-undecided"
	DocNotListed  Key = "doc-not-listed"

	// The questions of init.
	InitNumber      Key = "init-number"
	InitSkip        Key = "init-skip"
	InitUnknown     Key = "init-unknown"
	InitDate        Key = "init-date"
	InitWhole       Key = "init-whole"
	InitSeveral     Key = "init-several"
	InitYesNo       Key = "init-yes-no"
	InitOneOf       Key = "init-one-of"
	InitIntro       Key = "init-intro"
	InitLooking     Key = "init-looking"
	InitInterrupted Key = "init-interrupted"
	InitDone        Key = "init-done"
	InitWritten     Key = "init-written"
	InitNotAsked    Key = "init-not-asked"
	InitHead        Key = "init-head"
	InitStill       Key = "init-still"

	// The difference between two rulebooks.
	DiffAdded    Key = "diff-added"
	DiffRemoved  Key = "diff-removed"
	DiffChanged  Key = "diff-changed"
	DiffChecks   Key = "diff-checks"
	DiffRows     Key = "diff-rows"
	DiffOutcomes Key = "diff-outcomes"
	DiffSame     Key = "diff-same"
	DiffNoOther  Key = "diff-no-other"
	DiffNothing  Key = "diff-nothing"

	// The plan of a filing.
	PlanUndecided    Key = "plan-undecided"
	PlanPossible     Key = "plan-possible"
	PlanSteps        Key = "plan-steps"
	PlanDeadlines    Key = "plan-deadlines"
	PlanNotes        Key = "plan-notes"
	PlanContradicted Key = "plan-contradicted"
	PlanAssumed      Key = "plan-assumed"
	PlanGuessed      Key = "plan-guessed"
	PlanDomains      Key = "plan-domains"
	PlanBetween      Key = "plan-between"
	PlanNoDate       Key = "plan-no-date"
	PlanAbout        Key = "plan-about"
	PlanApplicant    Key = "plan-applicant"
	PlanProvider     Key = "plan-provider"
	PlanBureau       Key = "plan-bureau"
	PlanPlatform     Key = "plan-platform"
	PlanFiling       Key = "plan-filing"
)

var catalogue = map[Key]Text{
	Yes:            {Zh: "是", En: "yes"},
	No:             {Zh: "否", En: "no"},
	UnknownValue:   {Zh: "未知", En: "unknown"},
	NotInForce:     {Zh: "该要求在所查日期不生效", En: "the demand is not in force on that day"},
	RuleBroken:     {Zh: "规则有误，未能检查", En: "the rule is broken, so nothing was checked"},
	NothingToCheck: {Zh: "未填写，无需检查", En: "not given, so there is nothing to check"},
	DoesNotApply:   {Zh: "不适用", En: "does not apply"},
	NotKnown:       {Zh: "信息不足，无法判定", En: "not enough is known to decide"},

	WordPass:          {Zh: "通过", En: "pass"},
	WordFail:          {Zh: "不通过", En: "fail"},
	WordWarning:       {Zh: "警告", En: "warning"},
	WordAdvice:        {Zh: "提示", En: "advice"},
	WordUndetermined:  {Zh: "待定", En: "undetermined"},
	WordNotApplicable: {Zh: "不适用", En: "not applicable"},
	WordAccepted:      {Zh: "已接受", En: "accepted"},

	OverallReady:        {Zh: "可以提交备案", En: "ready to file"},
	OverallNotReady:     {Zh: "还不能提交备案", En: "not ready to file"},
	OverallUndetermined: {Zh: "尚不能判定", En: "undetermined"},
	PageFine:            {Zh: "页面符合要求", En: "the page is as it should be"},
	PageWrong:           {Zh: "页面需要改正", En: "the page has to be put right"},
	CountFail:           {Zh: "{0} 项不通过", En: "{0} failed"},
	CountWarning:        {Zh: "{0} 项警告", En: "{0} warning(s)"},
	CountAdvice:         {Zh: "{0} 项提示", En: "{0} piece(s) of advice"},
	CountUndetermined:   {Zh: "{0} 项待定", En: "{0} undetermined"},
	CountPass:           {Zh: "{0} 项通过", En: "{0} passed"},
	CountNotApplicable:  {Zh: "{0} 项不适用", En: "{0} not applicable"},
	CountAccepted:       {Zh: "{0} 项已接受", En: "{0} accepted"},
	TotalLine:           {Zh: "共 {0} 个对象：{1}", En: "{0} target(s): {1}"},

	LabelRemedy:       {Zh: "处理", En: "do"},
	LabelMissing:      {Zh: "缺少", En: "need"},
	LabelEvidence:     {Zh: "依据", En: "seen"},
	LabelSource:       {Zh: "来源", En: "source"},
	LabelAccepted:     {Zh: "接受", En: "waiver"},
	AcceptedUntil:     {Zh: "{0}，已接受至 {1}（含当日），到期前不计入结论；理由：{2}", En: "the verdict is {0}; accepted up to and including {1}, it does not count until then; reason: {2}"},
	AcceptedNoLonger:  {Zh: "接受至 {0}，已过期，重新计入结论；当时的理由：{1}", En: "accepted until {0}, which is over, so it counts again; the reason was: {1}"},
	AcceptedNeedless:  {Zh: "“{0}”没有需要接受的问题，备案文件中的 accepted 条目可以删去", En: "“{0}” has nothing to accept; its entry under accepted in the filing file can go"},
	OnlyRefuse:        {Zh: "仅{0}不通过", En: "only {0} refuses"},
	OnlyAccept:        {Zh: "仅{0}可以通过", En: "only {0} would do"},
	DependsOn:         {Zh: "取决于{0}：", En: "depends on the {0}: "},
	WouldPass:         {Zh: "{0}可以通过", En: "{0} would pass"},
	WouldFail:         {Zh: "{0}不通过", En: "{0} would fail"},
	AddWithFlag:       {Zh: "用 {0} 补充", En: "give it with {0}"},
	AddToFile:         {Zh: "在备案文件中填写 {0}，或用 {1}", En: "add {0} to the filing file, or {1}"},
	CouldNotAsk:       {Zh: "未能查询", En: "could not ask"},
	Disagree:          {Zh: "{0}：{2}（{1}）与 {4}（{3}）不一致，以后者为准", En: "{0}: {1} says {2}, {3} says {4}; {3} counts"},
	RulebookLine:      {Zh: "规则库 {0}（{1}）", En: "rulebook {0} ({1})"},
	NoResults:         {Zh: "没有需要检查的内容", En: "nothing to check"},
	AndMore:           {Zh: "{0}及另外 {1} 个", En: "{0} and {1} more"},
	FailureTimeout:    {Zh: "超时", En: "timed out"},
	FailureRefused:    {Zh: "拒绝了连接或请求", En: "refused the connection or the request"},
	FailureNoRoute:    {Zh: "无法连通", En: "unreachable"},
	FailureRate:       {Zh: "查询过于频繁被限制", En: "rate-limited"},
	FailureGarbage:    {Zh: "应答无法解读", En: "answer not readable"},
	FailureServer:     {Zh: "服务器出错", En: "server error"},
	FailureNoServer:   {Zh: "该后缀没有已知的查询服务器", En: "no server is known for this suffix"},
	FailureNotAsked:   {Zh: "未查询（离线）", En: "not asked (offline)"},
	FailureCanceled:   {Zh: "已中断", En: "interrupted"},
	FailureTLS:        {Zh: "TLS 证书或握手有误", En: "TLS certificate or handshake not acceptable"},
	FailureForbidden:  {Zh: "不是公网地址，未连接", En: "not a public address, so not connected to"},
	FailureSuspended:  {Zh: "连续多次没有正常应答，暂不再查", En: "failed again and again, so not asked for now"},
	FailureIncomplete: {Zh: "内容被截断或没有加载完，未能看全", En: "cut off or not fully loaded, so not seen whole"},
	FailureRedirected: {Zh: "跳转次数过多，或跳到不能访问的地址", En: "redirected too often, or to an address that is refused"},
	FailureScripted:   {Zh: "由脚本生成，未能看全；加 --render 用浏览器打开", En: "built by script, so not seen whole; --render opens it in a browser"},
	FailureUnsteered:  {Zh: "没有对每个内地网段都给出各自的地址，不知道当地访问者的结果", En: "did not give every mainland network addresses of its own, so what visitors there get is not known"},
	VantageTitle:      {Zh: "各地访问者解析到", En: "where visitors are sent"},
	VantageNowhere:    {Zh: "没有地址", En: "no address"},
	VantageSame:       {Zh: "DNS 没有按这个网段区分，当地访问者的实际结果可能不同", En: "the DNS told this network nothing of its own, so its visitors may be sent elsewhere"},
	SourcePage:        {Zh: "页面", En: "page"},
	SourceBrowser:     {Zh: "浏览器", En: "browser"},

	OriginFile:     {Zh: "文件", En: "file"},
	OriginFlag:     {Zh: "命令行", En: "command line"},
	OriginPage:     {Zh: "网页", En: "page"},
	OriginPlan:     {Zh: "Terraform", En: "Terraform"},
	OriginName:     {Zh: "域名本身", En: "the name itself"},
	OriginGeo:      {Zh: "地址库", En: "address table"},
	OriginRulebook: {Zh: "规则库", En: "rulebook"},
	OriginDerived:  {Zh: "由其他事实推出", En: "concluded from other facts"},
	OriginAssumed:  {Zh: "按常规假定", En: "taken for granted"},

	WholeFiling:        {Zh: "整份备案", En: "the whole filing"},
	AnnotationsDropped: {Zh: "GitHub 每一步最多显示 {0} 条 {1} 注解，另有 {2} 条只在日志中", En: "GitHub shows {0} {1} annotations a step; {2} more stand in the log only"},
	PageTitle:          {Zh: "ICP 备案自检报告", En: "ICP filing check"},
	PageChecked:        {Zh: "检查时间：{0}（北京时间）", En: "checked {0} (Beijing time)"},
	PageFilter:         {Zh: "按结论筛选", En: "Filter by verdict"},
	PageAll:            {Zh: "全部", En: "all"},
	PageNothing:        {Zh: "没有这一类的检查项。", En: "No check of this kind."},
	PageFacts:          {Zh: "已知事实（{0}）", En: "Known facts ({0})"},
	PageFact:           {Zh: "事实", En: "Fact"},
	PageValue:          {Zh: "值", En: "Value"},
	PageOrigin:         {Zh: "来自", En: "From"},
	PageEvidence:       {Zh: "依据和来源", En: "Evidence and sources"},
	PageGive:           {Zh: "补充", En: "give"},
	PageMasked:         {Zh: "证件号码和电话已隐去。", En: "Document and telephone numbers are hidden."},

	LookingUp:     {Zh: "正在查询 {0}", En: "looking up {0}"},
	LookingUpMany: {Zh: "正在查询域名", En: "looking up domains"},
	GettingPages:  {Zh: "正在打开网页", En: "getting pages"},
	Diagnosing:    {Zh: "正在诊断 {0}", En: "diagnosing {0}"},

	ExplainMeaning:  {Zh: "含义", En: "means"},
	ExplainCauses:   {Zh: "原因", En: "causes"},
	ExplainChecks:   {Zh: "检查", En: "checks"},
	ExplainRun:      {Zh: "运行", En: "run"},
	ExplainFound:    {Zh: "依据", En: "found"},
	ExplainCodes:    {Zh: "代码", En: "codes"},
	ExplainStage:    {Zh: "环节", En: "stage"},
	ExplainProvider: {Zh: "接入服务商初审退回", En: "returned by the access provider"},
	ExplainBureau:   {Zh: "管局或工信部系统退回", En: "returned by the bureau or the ministry's system"},
	ExplainBoth:     {Zh: "接入服务商初审、管局审核都可能退回", En: "returned by the access provider or the bureau"},
	ExplainFull:     {Zh: "可以提前发现", En: "can be found beforehand"},
	ExplainPartly:   {Zh: "只能提前发现一部分", En: "can be found beforehand in part"},
	ExplainNone:     {Zh: "无法提前发现", En: "cannot be found beforehand"},
	ExplainCheck:    {Zh: "检查项", En: "check"},
	ExplainReasons:  {Zh: "与之相关的驳回原因：", En: "Reasons for rejection that it finds:"},
	ExplainNothing:  {Zh: "没有找到相符的驳回原因。", En: "No reason for rejection fits this text."},
	ExplainGuess:    {Zh: "没有找到确切相符的驳回原因；下面只是猜测，请对照原文核对：", En: "No reason for rejection fits this text for certain; what follows is a guess, compare it with the text:"},
	ExplainTry:      {Zh: "请原样粘贴管局或接入服务商的驳回说明，或者给出四位结果码；icpcheck rules list rejections 列出所有原因。", En: "Paste what the bureau or provider wrote, word for word, or give the four-digit result code; icpcheck rules list rejections lists all reasons."},
	ExplainRelated:  {Zh: "可能相关的检查项：", En: "Checks that may be about it:"},
	// Source: rejections/tencent_general, about 2020 to 2021; no later figure was found.
	ExplainAfter:     {Zh: "驳回后请尽快修改：按腾讯云的说明，须在 45 天内处理，重新提交后 1 到 2 个工作日内再审。", En: "Act soon: by Tencent Cloud's rules within 45 days of the rejection; what is submitted again is reviewed within 1 to 2 working days."},
	ExplainReplyOne:  {Zh: "您好，您的备案申请被退回，原因是“{0}”。{1}", En: "Hello, your filing was returned for this reason: {0}. {1}"},
	ExplainReplyMany: {Zh: "您好，您的备案申请因以下原因被退回：", En: "Hello, your filing was returned for these reasons:"},
	ExplainReplyItem: {Zh: "{0}. {1}：{2}", En: "{0}. {1}: {2}"},
	ExplainReplyEnd:  {Zh: "如有疑问，请随时与我们联系。", En: "If anything is unclear, please contact us at any time."},

	DocMissing:    {Zh: "缺少", En: "missing"},
	DocDepends:    {Zh: "视情况", En: "depends"},
	DocMayBeAsked: {Zh: "可能要求", En: "may be asked"},
	DocHave:       {Zh: "已备", En: "at hand"},
	DocNotNeeded:  {Zh: "不需要", En: "not needed"},
	DocFor:        {Zh: "材料清单：{0}", En: "documents for: {0}"},
	DocOneOf:      {Zh: "任一即可", En: "one of"},
	DocForm:       {Zh: "形式", En: "form"},
	DocSigned:     {Zh: "签署", En: "signed by"},
	DocIssued:     {Zh: "出具", En: "issued by"},
	DocContents:   {Zh: "内容", En: "contents"},
	DocWhy:        {Zh: "原因", En: "why"},
	DocAdds:       {Zh: "补充以下信息后，清单会增加：", En: "These answers would add to the list:"},
	DocAny:        {Zh: "视填写内容", En: "depending on the value"},
	DocComplete:   {Zh: "必备材料齐全", En: "all required documents are at hand"},
	DocIncomplete: {Zh: "缺少必备材料：{0}", En: "required documents missing: {0}"},
	DocUndecided:  {Zh: "必备材料尚不能确定", En: "which documents are required is not known yet"},
	DocNotListed:  {Zh: "另有 {0} 项不适用，--verbose 列出", En: "{0} more do not apply; --verbose lists them"},

	InitNumber:      {Zh: "问题 {0}：{1}", En: "question {0}: {1}"},
	InitSkip:        {Zh: "直接回车跳过", En: "an empty line skips"},
	InitUnknown:     {Zh: "不知道，跳过", En: "not known, skip"},
	InitDate:        {Zh: "日期，如 2027-12-01", En: "a date such as 2027-12-01"},
	InitWhole:       {Zh: "整数", En: "a whole number"},
	InitSeveral:     {Zh: "可填多个，用逗号分隔；没有填 -", En: "several, separated by commas; - for none"},
	InitYesNo:       {Zh: "请回答是或否", En: "want yes or no"},
	InitOneOf:       {Zh: "可填：{0}", En: "one of: {0}"},
	InitIntro:       {Zh: "只问会影响结论的问题，已知的不再问。Ctrl-C 结束并保留已回答的内容。", En: "Only what can change the verdict is asked. Ctrl-C ends and keeps what was answered."},
	InitLooking:     {Zh: "正在查询 {0} …", En: "looking {0} up …"},
	InitInterrupted: {Zh: "已中断，保留 {0} 个回答", En: "interrupted, {0} answer(s) kept"},
	InitDone:        {Zh: "回答了 {0} 个问题，结论：{1}", En: "{0} question(s) answered, verdict: {1}"},
	InitWritten:     {Zh: "已写入 {0}，检查：icpcheck check {0}", En: "written to {0}; check it with: icpcheck check {0}"},
	InitNotAsked:    {Zh: "没有问到（不影响结论）：{0}", En: "not asked, since it changes nothing: {0}"},
	InitHead:        {Zh: "备案文件，由 icpcheck init 生成。所有键都可以省略，省略表示未知。", En: "Filing file written by icpcheck init. Every key may be left out, which means unknown."},
	InitStill:       {Zh: "还缺：", En: "still missing:"},

	DiffAdded:    {Zh: "新增", En: "added"},
	DiffRemoved:  {Zh: "删除", En: "removed"},
	DiffChanged:  {Zh: "改动", En: "changed"},
	DiffChecks:   {Zh: "检查项", En: "checks"},
	DiffRows:     {Zh: "表", En: "tables"},
	DiffOutcomes: {Zh: "结论改变的备案", En: "filings that end differently"},
	DiffSame:     {Zh: "规则相同", En: "the rules are the same"},
	DiffNoOther:  {Zh: "没有备案的结论改变（比较了 {0} 份）", En: "no filing ends differently ({0} compared)"},
	DiffNothing:  {Zh: "无", En: "none"},

	PlanUndecided:    {Zh: "备案类型尚不能判定", En: "the kind of filing is not decided yet"},
	PlanPossible:     {Zh: "可能是：{0}", En: "it may be: {0}"},
	PlanSteps:        {Zh: "步骤", En: "steps"},
	PlanDeadlines:    {Zh: "时限与义务", En: "time limits and duties"},
	PlanNotes:        {Zh: "还须知道", En: "to know beside"},
	PlanContradicted: {Zh: "互相矛盾：{0}请核对：{1}", En: "contradiction: {0} Compare: {1}"},
	PlanAssumed:      {Zh: "未填，按此判断：{0}", En: "not given, so taken to be: {0}"},
	PlanGuessed:      {Zh: "没有 {0} 年的放假安排，按周一至周五计算", En: "the holidays of {0} are not known; Monday to Friday are counted"},
	PlanDomains:      {Zh: "各域名", En: "each domain"},
	PlanBetween:      {Zh: "{0} 至 {1}", En: "{0} to {1}"},
	PlanNoDate:       {Zh: "日期未知", En: "no date yet"},
	PlanAbout:        {Zh: "约 {0}", En: "about {0}"},
	PlanApplicant:    {Zh: "主办单位", En: "applicant"},
	PlanProvider:     {Zh: "接入服务商", En: "provider"},
	PlanBureau:       {Zh: "管局", En: "bureau"},
	PlanPlatform:     {Zh: "平台", En: "platform"},
	PlanFiling:       {Zh: "备案类型", En: "filing"},
}

// Keys lists every key of the catalogue.
func Keys() []Key { return slices.Sorted(maps.Keys(catalogue)) }

// Catalogue returns a message with its arguments filled in.
func Catalogue(k Key, args ...string) Text {
	t := catalogue[k]
	if len(args) == 0 {
		return t
	}
	return Text{Zh: fill(t.Zh, args), En: fill(t.En, args)}
}

// fill puts the arguments in the places {0}, {1} and so on; an argument is not
// looked into. Reports say thousands of sentences, hence no strings.Replacer,
// which would be built anew for each.
func fill(s string, args []string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		if len(rest) > 1 && rest[1] == '}' && rest[0] >= '0' && int(rest[0]-'0') < len(args) {
			arg := args[rest[0]-'0']
			b.WriteString(arg)
			rest = After(arg, rest[2:])
		} else {
			b.WriteByte('{')
		}
		s = rest
	}
}

// List joins words the way the language does: 甲、乙、丙 or a, b, c.
func List(words []string, l Lang) string {
	if l == Zh {
		return strings.Join(words, "、")
	}
	return strings.Join(words, ", ")
}
