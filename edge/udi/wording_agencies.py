"""Words for findings about MA, AHM, HIBCC, ICCBBA and IFA codes: clause, zh-CN, English, advice."""

from __future__ import annotations

_MA = "MA (IDcode) 编码规则"
_AHM = "阿里健康医疗器械唯一标识编码规范"
_HIBC = "ANSI/HIBC 2.6"
_ISBT = "ICCBBA ST-001"
_DEVICE = "ICCBBA ST-017"
_IFA = "IFA Coding System PPN"

AGENCIES: dict[str, tuple[str, str, str, str]] = {
    "ma_prefix": (
        f"{_MA}:DI",
        "MA 码的国家或行业段不对:{value}",
        "country or industry of an MA code is wrong: {value}",
        "again",
    ),
    "ma_registrant": (
        f"{_MA}:DI",
        "企业段应为六位数字:{value}",
        "the registrant has six digits, found {value}",
        "again",
    ),
    "ma_product": (
        f"{_MA}:DI",
        "产品段应以数字开头和结尾:{value}",
        "the product part begins and ends with a digit, found {value}",
        "again",
    ),
    "ma_template": (f"{_MA}:DI", "这是说明书里的样例:{value}", "a specimen, not a code: {value}", "other"),
    "ma_di_check": (f"{_MA}:DI", "DI 校验位对不上:{value}", "the check digit of the DI does not fit: {value}", "label"),
    "ma_pi_check": (f"{_MA}:PI", "PI 校验位对不上:{value}", "the check digit of the PI does not fit: {value}", "label"),
    "ma_check_not_last": (f"{_MA}:PI", "校验段 C 不在最后", "the check field C is not the last", "label"),
    "ma_field_empty": (f"{_MA}:PI", "字段 {value} 是空的", "field {value} is empty", "again"),
    "ma_field_charset": (f"{_MA}:PI", "字段含有不允许的字符:{value}", "a character not allowed in {value}", "again"),
    "ma_field_repeated": (f"{_MA}:PI", "字段 {value} 出现两次", "field {value} occurs twice", "again"),
    "ma_field_unknown": (f"{_MA}:PI", "不认识的字段:{value}", "unknown field: {value}", "label"),
    "ma_xml": (f"{_MA}:XML", "XML 写法不对:{value}", "malformed XML form: {value}", "again"),
    "ma_case": (f"{_MA}:DI", "前缀或字段字母写成了小写", "prefix or field letters are in lower case", "none"),
    "ma_old_letter": (f"{_MA} (2019)", "旧式生产日期字段 P", "the old field P for the day of production", "none"),
    "ma_valid_until": (
        f"{_MA}:PI",
        "有效期 V 与失效日期 E 不同:{value}",
        "valid until (V) differs from expiry (E): {value}",
        "none",
    ),
    "ma_unconfirmed_field": (
        f"{_MA}:PI",
        "字段 {value} 没有公开说明",
        "field {value} is not documented in public",
        "none",
    ),
    "ahm_unconfirmed": (
        _AHM,
        "AHM 码:格式没有公开确认",
        "AHM: the format is not confirmed in public",
        "compare",
    ),
    "ahm_di": (
        _AHM,
        "产品标识应为 1 至 13 位字母数字:{value}",
        "the DI has 1 to 13 letters or digits: {value}",
        "again",
    ),
    "ahm_field": (_AHM, "看不懂的字段:{value}", "a field that cannot be read: {value}", "again"),
    "ahm_field_repeated": (_AHM, "字段 {value} 出现两次", "field {value} occurs twice", "again"),
    "ahm_lot_tag": (_AHM, "批号标签 {value}:两种写法都见过", "lot tag {value}: both spellings are in use", "none"),
    "hibc_charset": (f"{_HIBC} 2.2", "含有不允许的字符:{value}", "a character that is not allowed: {value}", "again"),
    "hibc_check": (f"{_HIBC} B", "校验字符不对:{value}", "wrong check character: {value}", "again"),
    "hibc_link": (
        f"{_HIBC} 2.3",
        "链接字符与主码不符:{value}",
        "the link character does not fit the primary code: {value}",
        "again",
    ),
    "hibc_primary": (
        f"{_HIBC} 2.2",
        "主码应为厂商代码、产品号、包装级别:{value}",
        "a primary code is labeler, product, unit of measure; found {value}",
        "again",
    ),
    "hibc_secondary": (f"{_HIBC} 2.3", "副码看不懂:{value}", "secondary code cannot be read: {value}", "again"),
    "hibc_supplement": (f"{_HIBC} 2.4", "补充字段看不懂:{value}", "supplement cannot be read: {value}", "again"),
    "hibc_length": (f"{_HIBC} 2.3", "批号或序列号超过 18 位:{value}", "more than 18 characters: {value}", "again"),
    "hibc_provider": ("ANSI/HIBC 1.3", "医院应用码写法不对:{value}", "malformed provider code: {value}", "again"),
    "hibc_repeated": (
        f"{_HIBC} 2.3",
        "同一信息写了两次而且不一样:{value}",
        "said twice and differently: {value}",
        "again",
    ),
    "hibc_order": (f"{_HIBC} 2.3.2.4", "数量字段应在最后:{value}", "the quantity belongs last: {value}", "label"),
    "hibc_folded": (
        f"{_HIBC} 4.1",
        "39 码被按扩展方式读出,已还原",
        "Code 39 was read as Extended Code 39: undone",
        "reader",
    ),
    "hibc_asterisks": (f"{_HIBC} 4.1", "两端的星号只用于印刷", "the asterisks are for people only", "none"),
    "hibc_month_only": (
        f"{_HIBC} 2.3",
        "有效期只到月:{value}",
        "the expiry gives the month only: {value}",
        "none",
    ),
    "isbt_unknown": (f"{_ISBT} 7", "不认识的数据结构:{value}", "unknown data structure: {value}", "again"),
    "isbt_length": (f"{_ISBT} 7", "数据结构长度不对:{value}", "data structure of the wrong length: {value}", "again"),
    "isbt_charset": (f"{_ISBT} 7", "含有不允许的字符:{value}", "a character that is not allowed: {value}", "again"),
    "isbt_count": (f"{_DEVICE} 4", "声明的结构个数不符:{value}", "the header counts differently: {value}", "again"),
    "isbt_repeated": (f"{_ISBT} 7", "结构 {value} 出现两次而且不一样", "{value} occurs twice and differs", "again"),
    "isbt_donation_check": (
        f"{_ISBT} 7.1",
        "献血编号校验不对:{value}",
        "the check of the donation number does not fit: {value}",
        "again",
    ),
    "isbt_blank": (f"{_ISBT} 7", "结构之间有空格", "blanks between data structures", "label"),
    "isbt_sequence": (
        f"{_DEVICE} 4.2",
        "结构顺序与声明的 {value} 不符",
        "the structures do not stand in the declared order {value}",
        "label",
    ),
    "isbt_national": (
        f"{_ISBT} 2.5",
        "各国自定的结构,没有读取:{value}",
        "a structure of national definition, not read: {value}",
        "none",
    ),
    "isbt_century": (f"{_ISBT} 7", "2100 年以后的日期:{value}", "a date after the year 2099: {value}", "none"),
    "ifa_field": (f"{_IFA} / ANSI MH10.8.2", "看不懂的字段:{value}", "a field that cannot be read: {value}", "again"),
    "ifa_repeated": (f"{_IFA} / ANSI MH10.8.2", "字段 {value} 出现两次", "field {value} occurs twice", "again"),
    "ifa_envelope": ("ISO/IEC 15434", "格式 06 的封装不完整", "the format 06 envelope is not complete", "label"),
    "ifa_cut": (
        "ISO/IEC 15434",
        "格式 06 没有结尾,可能没有读全",
        "format 06 without its end: it may be cut off",
        "again",
    ),
    "ppn": (_IFA, "PPN 写法不对:{value}", "malformed PPN: {value}", "again"),
    "ppn_check": (_IFA, "PPN 校验位不对:{value}", "wrong check digits of the PPN: {value}", "again"),
}
