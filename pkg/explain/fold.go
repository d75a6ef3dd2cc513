package explain

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/width"
)

// simplified maps the traditional characters of the subject to simplified ones,
// so that a ticket from Hong Kong or Taiwan is understood. It is no general
// converter: only characters that wordings of the table contain are needed.
var simplified = sync.OnceValue(func() map[rune]rune {
	return pairs("備备網网號号碼码證证認认實实錄录稱称類类戶户單单組组織织機机構构責责變变註注銷销審审覈核駁驳" +
		"請请複复過过續续級级無无來来從从後后這这個个們们當当與与為为沒没還还會会應应該该對对錯错誤误異异衝冲突突" +
		"訊讯資资料料連连結结鏈链開开關关閉闭訪访問问據据庫库間间時时電电話话頻频聯联繫系係系絡络撥拨編编輯辑數数" +
		"圖图識识別别讀读獲获執执業业營营範范圍围經经濟济險险藥药醫医療疗車车區区東东廣广蘇苏寧宁陝陕貴贵雲云" +
		"縣县門门樓楼層层詳详細细頁页臉脸臺台灣湾國国務务專专項项報报標标誌志態态將将員员權权屬属繳缴費费購购買买" +
		"賣卖價价產产動动處处理理選选擇择廳厅張张試试檢检測测驗验點点擊击跳跳轉转頂顶億亿萬万種种條条件件終终止止" +
		"幾几隻只雙双讓让給给絕绝線线純纯約约統统總总繼继續续負负財财貨货質质賬账贈赠較较輸输輛辆邊边達达遠远適适" +
		"遲迟遺遗郵邮鄰邻釋释針针錢钱鏡镜長长隨随難难雖虽雜杂離离靜静響响順顺須须預预領领題题顯显飛飞馬马體体麼么黑黑")
})

func pairs(s string) map[rune]rune {
	m := map[rune]rune{}
	runes := []rune(s)
	for i := 0; i+1 < len(runes); i += 2 {
		if runes[i] != runes[i+1] {
			m[runes[i]] = runes[i+1]
		}
	}
	return m
}

// sameWords are words that mean the same in this subject: each is read as the
// last of its line.
var sameWords = sync.OnceValue(func() *strings.Replacer {
	return replacer([][]string{
		{"不符合要求", "不符合规范", "不符合规定", "不符合命名", "不合规范", "不合要求", "不规范", "不合规", "不符合", "未达要求", "不合格"},
		{"不一样", "不相同", "不相符", "不匹配", "对不上", "不相一致", "不同", "不符", "不一致"},
		{"没有能够", "还没有", "仍然没有", "尚没有", "没有", "还没", "没能", "未能", "尚未", "还未", "并未", "仍未", "暂未", "从未", "没", "未"},
		{"无法正常", "不能正常", "不能够", "不能", "无法"},
		{"打不开", "打开不了", "开不了", "无法打开"},
		{"访问不了", "访问不到", "无法访问"},
		{"打不通", "接不通", "拨不通", "无法接通"},
		{"不通过", "没过", "通不过", "未通过"},
		{"查询不到", "查不着", "找不到", "检索不到", "未查询到", "没有查到", "没查到", "查无", "查不到"},
		{"持有者", "持有人", "所有者", "拥有者", "所有人"},
		{"接入服务商", "接入提供商", "接入服务提供者", "服务商", "接入商"},
		{"手机号码", "手机号", "手机"},
		{"电话号码", "联系电话", "电话"},
		{"身份证件号码", "身份证号码", "身份证号"},
		{"证件号码", "证件号"},
		{"备案编号", "备案号码", "备案号"},
		{"法定代表人", "法人代表", "法定代表", "法人"},
		{"工业和信息化部", "工信部网站", "工信部官网", "工信部"},
		{"实名制认证", "实名验证", "实名核验", "实名认证"},
		{"短信验证", "短信校验", "短信核验"},
		{"网页底部", "首页底部", "页面底部", "网站底部", "页面最下方", "首页最下方", "页脚", "底端", "最下方", "底部"},
		{"正确悬挂", "悬挂", "放置", "标注", "加挂", "挂上", "加上", "放上", "添加"},
		{"站点", "网站"},
		{"贵单位", "贵公司", "贵司", "贵企业", "该单位", "该公司", "公司", "企业", "单位"},
		{"注册期", "有效期"},
		{"快到了", "快要到期", "快到期"},
		{"正在审核中", "正在处理中", "正在审核", "正在处理", "正在受理", "正在办理", "还在审核", "还在处理", "仍在审核", "仍在处理", "审核中", "处理中", "在途", "在办", "进行中"},
		{"未完成", "未完结", "未结束", "未了结", "未办结"},
		{"被拉黑", "拉黑", "黑名单"},
		{"我省", "本省"},
		{"背景布", "幕布"},
		{"已经", "已"},
		{"大于一", "大于1"},
		{"抑或", "或"},
	})
})

// replacer reads every word of a line as the line's last, the longest word first.
func replacer(lines [][]string) *strings.Replacer {
	var list [][2]string
	for _, line := range lines {
		last := line[len(line)-1]
		for _, word := range line[:len(line)-1] {
			list = append(list, [2]string{word, last})
		}
	}
	slices.SortStableFunc(list, func(x, y [2]string) int { return cmp.Compare(len(y[0]), len(x[0])) })
	flat := make([]string, 0, 2*len(list))
	for _, pair := range list {
		flat = append(flat, pair[0], pair[1])
	}
	return strings.NewReplacer(flat...)
}

// fold makes texts comparable: half width, lower case, simplified characters,
// and one word for those that mean the same. Punctuation stays.
func fold(s string) string {
	s = strings.ToLower(width.Fold.String(s))
	simple := simplified()
	s = strings.Map(func(r rune) rune {
		if to, ok := simple[r]; ok {
			return to
		}
		return r
	}, s)
	return sameWords().Replace(s)
}

// token is a Chinese character, or a word or number of other scripts.
type token struct {
	text string
	raw  string // before English words are read by their stems
	// clause and line count up at punctuation: words are sought together in a
	// line, which a sentence end or a line break closes; a denial reaches to the
	// end of its clause. sentence counts sentence ends alone, since mails break
	// lines anywhere.
	clause, line, sentence int
}

// tokens cuts folded text.
func tokens(s string) []token {
	var list []token
	var word strings.Builder
	clause, line, sentence := 0, 0, 0
	flush := func() {
		if word.Len() > 0 {
			list = append(list, token{word.String(), word.String(), clause, line, sentence})
			word.Reset()
		}
	}
	runes := []rune(s)
	for i, r := range runes {
		switch {
		case unicode.Is(unicode.Han, r):
			flush()
			list = append(list, token{string(r), string(r), clause, line, sentence})
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
			word.WriteRune(r)
		case (r == '\'' || r == '’') && word.Len() > 0 && i+1 < len(runes) && unicode.IsLetter(runes[i+1]) && !unicode.Is(unicode.Han, runes[i+1]):
			word.WriteByte('\'') // doesn't
		default:
			flush()
			switch r {
			case '。', '｡', '!', '?', ';', '！', '？', '；':
				clause, line, sentence = clause+1, line+1, sentence+1
			case '.':
				// A dot ends a sentence, unless it stands inside a name or number.
				if i+1 == len(runes) || unicode.IsSpace(runes[i+1]) {
					clause, line, sentence = clause+1, line+1, sentence+1
				}
			case '\n', '\r', '\u2028', '\u2029':
				clause, line = clause+1, line+1
			case ',', '，', ':', '：', '、', '､', '|':
				clause++
			}
		}
	}
	flush()
	return list
}

// isHan tells a Chinese character from a word.
func (t token) isHan() bool { return len(t.text) >= 3 && unicode.Is(unicode.Han, []rune(t.text)[0]) }
