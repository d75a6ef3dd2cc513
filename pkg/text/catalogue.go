package text

import (
	"maps"
	"slices"
	"strings"
)

// Key names a message of the catalogue.
type Key string

// The catalogue's keys. Arguments are written {0}, {1}.
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

	// The overall verdict.
	OverallReady        Key = "overall-ready"
	OverallNotReady     Key = "overall-not-ready"
	OverallUndetermined Key = "overall-undetermined"
	CountFail           Key = "count-fail"
	CountWarning        Key = "count-warning"
	CountUndetermined   Key = "count-undetermined"
	CountPass           Key = "count-pass"
	CountNotApplicable  Key = "count-not-applicable"
	TotalLine           Key = "total-line"

	// Under a check.
	LabelRemedy     Key = "label-remedy"
	LabelMissing    Key = "label-missing"
	LabelEvidence   Key = "label-evidence"
	LabelSource     Key = "label-source"
	OnlyRefuse      Key = "only-refuse"
	OnlyAccept      Key = "only-accept"
	DependsOn       Key = "depends-on"
	WouldPass       Key = "would-pass"
	WouldFail       Key = "would-fail"
	AddWithFlag     Key = "add-with-flag"
	AddToFile       Key = "add-to-file"
	CouldNotAsk     Key = "could-not-ask"
	Disagree        Key = "disagree"
	RulebookLine    Key = "rulebook-line"
	NoResults       Key = "no-results"
	AndMore         Key = "and-more"
	FailureTimeout  Key = "failure-timeout"
	FailureRefused  Key = "failure-refused"
	FailureNoRoute  Key = "failure-unreachable"
	FailureRate     Key = "failure-rate-limited"
	FailureGarbage  Key = "failure-malformed"
	FailureServer   Key = "failure-server-error"
	FailureNoServer Key = "failure-unsupported"
	FailureNotAsked Key = "failure-not-asked"
	FailureCanceled Key = "failure-canceled"
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

	OverallReady:        {Zh: "可以提交备案", En: "ready to file"},
	OverallNotReady:     {Zh: "还不能提交备案", En: "not ready to file"},
	OverallUndetermined: {Zh: "尚不能判定", En: "undetermined"},
	CountFail:           {Zh: "{0} 项不通过", En: "{0} failed"},
	CountWarning:        {Zh: "{0} 项警告", En: "{0} warnings"},
	CountUndetermined:   {Zh: "{0} 项待定", En: "{0} undetermined"},
	CountPass:           {Zh: "{0} 项通过", En: "{0} passed"},
	CountNotApplicable:  {Zh: "{0} 项不适用", En: "{0} not applicable"},
	TotalLine:           {Zh: "共 {0} 个对象：{1}", En: "{0} targets: {1}"},

	LabelRemedy:     {Zh: "处理", En: "do"},
	LabelMissing:    {Zh: "缺少", En: "need"},
	LabelEvidence:   {Zh: "依据", En: "seen"},
	LabelSource:     {Zh: "来源", En: "source"},
	OnlyRefuse:      {Zh: "仅{0}不通过：{1}", En: "only {0} refuses: {1}"},
	OnlyAccept:      {Zh: "仅{0}可以通过，其余：{1}", En: "only {0} would do, otherwise: {1}"},
	DependsOn:       {Zh: "取决于{0}：", En: "depends on the {0}: "},
	WouldPass:       {Zh: "{0}可以通过", En: "{0} would pass"},
	WouldFail:       {Zh: "{0}不通过", En: "{0} would fail"},
	AddWithFlag:     {Zh: "用 {0} 补充", En: "give it with {0}"},
	AddToFile:       {Zh: "在备案文件中填写 {0}，或用 {1}", En: "add {0} to the filing file, or {1}"},
	CouldNotAsk:     {Zh: "未能查询", En: "could not ask"},
	Disagree:        {Zh: "{0}：文件写的是 {1}，{2} 查得 {3}，以查得的为准", En: "{0}: the file says {1}, {2} says {3}; the look-up counts"},
	RulebookLine:    {Zh: "规则库 {0}（{1}）", En: "rulebook {0} ({1})"},
	NoResults:       {Zh: "没有需要检查的内容", En: "nothing to check"},
	AndMore:         {Zh: "{0}等 {2} 个", En: "{0} and {1} more"},
	FailureTimeout:  {Zh: "超时", En: "timed out"},
	FailureRefused:  {Zh: "连接被拒绝", En: "refused"},
	FailureNoRoute:  {Zh: "无法连通", En: "unreachable"},
	FailureRate:     {Zh: "查询过于频繁被限制", En: "rate-limited"},
	FailureGarbage:  {Zh: "应答无法解读", En: "answer not readable"},
	FailureServer:   {Zh: "服务器出错", En: "server error"},
	FailureNoServer: {Zh: "该后缀没有已知的查询服务器", En: "no server is known for this suffix"},
	FailureNotAsked: {Zh: "未查询（离线）", En: "not asked (offline)"},
	FailureCanceled: {Zh: "已中断", En: "interrupted"},
}

// Keys lists every key of the catalogue.
func Keys() []Key { return slices.Sorted(maps.Keys(catalogue)) }

// Catalogue returns a message with its arguments filled in.
func Catalogue(k Key, args ...string) Text {
	t := catalogue[k]
	if len(args) == 0 {
		return t
	}
	pairs := make([]string, 0, 2*len(args))
	for i, a := range args {
		pairs = append(pairs, "{"+string(rune('0'+i))+"}", a)
	}
	r := strings.NewReplacer(pairs...)
	return Text{Zh: r.Replace(t.Zh), En: r.Replace(t.En)}
}

// List joins words the way the language does: 甲、乙、丙 or a, b, c.
func List(words []string, l Lang) string {
	if l == Zh {
		return strings.Join(words, "、")
	}
	return strings.Join(words, ", ")
}
