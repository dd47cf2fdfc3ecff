"""Words for findings about GS1 codes and about codes of any kind: clause, zh-CN, English, advice."""

from __future__ import annotations

Row = tuple[str, str, str, str]

_SPEC = "GS1 General Specifications"
_LINK = "GS1 Digital Link URI Syntax 1.4"
_AIM = "ISO/IEC 15424"

GENERAL: dict[str, Row] = {
    "too_long": ("ISO/IEC 16022, 18004", "内容太长:{value} 字节,最多 65536", "{value} bytes, at most 65536", "other"),
    "not_text": ("ISO/IEC 10646", "内容不是文字", "the content is not text", "other"),
    "symbology_unknown": (_AIM, "码制标识不完整:{value}", "broken symbology identifier: {value}", "reader"),
    "empty_symbol": (_AIM, "码里没有内容", "the symbol is empty", "again"),
    "unrecognised": (
        _AIM,
        "不是任何已知的码,也没有码制标识说它是普通文字",
        "not a code of any known kind, and no symbology identifier says that it is a plain text",
        "other",
    ),
    "plain_text": (_AIM, "普通文字,不是发码机构的码", "a plain text, no code of an issuing agency", "other"),
    "full_width": ("–", "出现全角字符:{value}", "full-width characters: {value}", "reader"),
    "reader_suffix": (
        "–",
        "码的前后有扫码枪加的控制字符",
        "control characters of the scanner stand around the code",
        "reader",
    ),
    "identifier_in_data": (
        _AIM,
        "码制标识 {value} 被写进了内容",
        "the symbology identifier {value} stands inside the content",
        "label",
    ),
    "caps_lock": (
        "–",
        "大小写被颠倒(大写锁定),已还原",
        "upper and lower case were swapped (Caps Lock): undone",
        "reader",
    ),
    "keyboard_layout": (
        "–",
        "键盘布局不符({value}),已还原",
        "the keyboard layout ({value}) changed characters: undone",
        "reader",
    ),
    "symbols_disagree": (
        "–",
        "同一件上的码说法不一:{value}",
        "codes on one package contradict each other: {value}",
        "stop",
    ),
    "joined_by_time": ("–", "两个码先后扫入,合为一件", "two codes scanned one after the other were joined", "none"),
    "half_apart": (
        "–",
        "有半个码没有合并:离得太远,或不能确定是同一件",
        "half a code was not joined: it lies too far away, or may be of another package",
        "half",
    ),
    "higher_level": (
        "–",
        "同时看到外层包装 {value},按最小一层计",
        "the outer package {value} is in view too; the innermost one counts",
        "none",
    ),
    "other_agency": (
        "21 CFR 830.40",
        "包装上还有另一发码机构的码 {value},是同一件",
        "the package also carries {value} of another agency; it is one package",
        "none",
    ),
    "dates_reversed": ("–", "生产日期晚于有效期:{value}", "made after it expires: {value}", "label"),
}

GS1: dict[str, Row] = {
    "ai_unknown": (f"{_SPEC} 3.2", "“{value}”不是已知的应用标识符", "no application identifier: “{value}”", "again"),
    "ai_too_many": (
        "ISO/IEC 18004",
        "内容多得不像一张标签:{value}",
        "more than any label holds: {value}",
        "other",
    ),
    "ai_too_short": (f"{_SPEC} 3", "内容太短:{value}", "content too short: {value}", "again"),
    "ai_too_long": (f"{_SPEC} 3", "内容太长:{value}", "content too long: {value}", "again"),
    "ai_charset": (f"{_SPEC} 7.11", "含有不允许的字符:{value}", "a character that is not allowed: {value}", "again"),
    "ai_repeat_conflict": (
        f"{_SPEC} 4.13",
        "应用标识符 {value} 出现两次而且不一样",
        "application identifier {value} occurs twice with different content",
        "again",
    ),
    "ai_excluded": (f"{_SPEC} 4.13.1", "{value} 不能同时出现", "{value} must not occur together", "again"),
    "ai_required": (f"{_SPEC} 4.13.2", "{value} 缺少配对的标识", "the partner of {value} is not in this code", "half"),
    "component_incomplete": (f"{_SPEC} 3", "内容不完整:{value}", "content incomplete: {value}", "again"),
    "check_digit": (f"{_SPEC} 7.9.1", "校验位不对:{value}", "wrong check digit: {value}", "again"),
    "check_pair": (f"{_SPEC} 7.9.5", "校验字符对不对:{value}", "wrong pair of check characters: {value}", "again"),
    "company_prefix": (
        f"{_SPEC} 1.4",
        "厂商识别代码应以四位以上数字开头:{value}",
        "a company prefix begins with four digits: {value}",
        "again",
    ),
    "non_digit_required": (f"{_SPEC} 3.8", "至少要有一个非数字:{value}", "a non-digit is required: {value}", "again"),
    "value_not_allowed": (f"{_SPEC} 3", "取值不允许:{value}", "a value that is not allowed: {value}", "again"),
    "country_unknown": ("ISO 3166-1", "没有这个国家代码:{value}", "no such country code: {value}", "again"),
    "currency_unknown": ("ISO 4217", "没有这个货币代码:{value}", "no such currency code: {value}", "again"),
    "percent_encoding": ("RFC 3986 2.1", "百分号编码不对:{value}", "broken percent encoding: {value}", "again"),
    "base64": ("RFC 4648 5", "不是 base64url:{value}", "not URL-safe base 64: {value}", "again"),
    "iban": ("ISO 13616", "银行账号不对:{value}", "not an IBAN: {value}", "again"),
    "date_impossible": (f"{_SPEC} 3.4", "没有这个日期:{value}", "there is no such date: {value}", "again"),
    "date_day_missing": (
        f"{_SPEC} 3.4",
        "日期没有写日,按当月最后一天:{value}",
        "the date has no day, the last of the month is meant: {value}",
        "none",
    ),
    "date_day_required": (f"{_SPEC} 3.7", "这个日期必须写日:{value}", "this date needs a day: {value}", "again"),
    "time_impossible": (f"{_SPEC} 3.7", "没有这个时间:{value}", "there is no such time: {value}", "again"),
    "pieces_impossible": (f"{_SPEC} 3.9", "件序大于总件数:{value}", "piece number above the total: {value}", "again"),
    "separator_missing": (
        f"{_SPEC} 7.8",
        "多半缺少分隔符:{value}",
        "a separator seems to be missing: {value}",
        "reader",
    ),
    "separator_doubtful": (
        f"{_SPEC} 7.8",
        "“{value}”可能是另一项,前面的分隔符丢了",
        "“{value}” may be an element of its own whose separator was lost",
        "compare",
    ),
    "separator_replaced": (
        f"{_SPEC} 7.8",
        "分隔符被替换成“{value}”,已还原",
        "the separator was replaced by “{value}”: undone",
        "reader",
    ),
    "gtin_length": (f"{_SPEC} 1.4", "这种条码的位数不对:{value}", "wrong number of digits: {value}", "again"),
    "gtin_only": (f"{_SPEC} 2.1", "只有产品标识,没有生产标识", "a device identifier alone, no production part", "half"),
    "gtin_restricted": (
        f"{_SPEC} 1.4",
        "{value} 是店内或地区内码段,不是全球唯一的产品标识",
        "{value} is a number for use within a company or region",
        "label",
    ),
    "gs1_unconfirmed": (
        f"{_SPEC} 5.1",
        "扫码枪没有送码制标识,按 GS1 试读",
        "the reader sent no symbology identifier; read as GS1 on trial",
        "none",
    ),
    "not_gs1_symbol": (
        f"{_SPEC} 5",
        "码制标识 {value} 不是 GS1 符号",
        "symbology identifier {value} is not a GS1 symbol",
        "label",
    ),
    "link_in_gs1_symbol": (
        f"{_SPEC} 5",
        "GS1 符号 {value} 里放了网址,应放在普通二维码里",
        "a web address in the GS1 symbol {value}: it belongs in a plain symbol",
        "label",
    ),
    "brackets_in_symbol": (f"{_SPEC} 4.14", "码里写进了括号", "brackets were encoded in the symbol", "label"),
    "brackets_ambiguous": (
        f"{_SPEC} 4.14",
        "括号有歧义:{value}",
        "a bracket that may be content or not: {value}",
        "label",
    ),
    "brackets_broken": (f"{_SPEC} 4.14", "括号文字不完整:{value}", "broken bracketed text: {value}", "again"),
    "bracketed_text": (f"{_SPEC} 4.14", "读的是印刷文字形式", "read from the human readable form", "none"),
    "link_compressed": (
        "GS1 Digital Link Compression 1.0",
        "不支持压缩的数字链接:{value}",
        "a compressed Digital Link is not supported: {value}",
        "other",
    ),
    "link_no_key": (f"{_LINK} 4.9", "网址里没有 GS1 标识", "the address holds no GS1 key", "other"),
    "link_malformed": (f"{_LINK} 4.4", "网址写法不对:{value}", "malformed address: {value}", "again"),
    "link_qualifier": (
        f"{_LINK} 4.9",
        "数字链接路径里的顺序或标识不对:{value}",
        "wrong qualifier or order in the path: {value}",
        "again",
    ),
    "link_attribute": (
        f"{_LINK} 4.10",
        "数字链接参数不允许:{value}",
        "not allowed in the query of a Digital Link: {value}",
        "again",
    ),
}
