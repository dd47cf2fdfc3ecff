"""Every reason of a verdict in words: zh-CN and English, what to do next, and what a speaker says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Lang = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class ReasonText:
    """The words of one reason."""

    zh: str
    en: str
    zh_next: str
    en_next: str
    voice: str
    """At most eight Chinese characters, about two seconds."""


TEXTS: Mapping[str, ReasonText] = {
    "no_udi": ReasonText("没有 UDI", "no UDI", "按本单位规定放一边", "set it aside as your site decided", "缺码"),
    "cutoff": ReasonText(
        "该日期后生产,无码不得采购",
        "made since the cut-off: must not be bought without UDI",
        "拒收、待验,或请供应商补码",
        "refuse it, hold it, or let the supplier supply the code",
        "无码不得采购",
    ),
    "date_unknown": ReasonText(
        "应有码,生产日期不明",
        "must carry a UDI if made since the cut-off; nobody knows when it was made",
        "先待验,查标签上的生产日期",
        "hold it; find the production date on the label",
        "待验查日期",
    ),
    "scope_unknown": ReasonText(
        "不知道是否必须有码",
        "nobody knows whether it must carry a UDI",
        "先待验,问质量部门",
        "hold it; ask quality",
        "待验问质量",
    ),
    "udi_due": ReasonText(
        "按规定应有码",
        "it should carry a UDI",
        "记下来,报采购",
        "put it down; tell purchasing",
        "应有码",
    ),
    "before_cutoff": ReasonText(
        "规定日期前生产,可以没有码",
        "made before the cut-off: may be without",
        "按无码物品登记",
        "enter it as goods without code",
        "可无码登记",
    ),
    "out_of_scope": ReasonText(
        "不在实施范围,可以没有码",
        "no scope holds it: may be without",
        "按无码物品登记",
        "enter it as goods without code",
        "可无码登记",
    ),
    "not_a_udi": ReasonText(
        "不是 UDI 码", "not a UDI", "扫包装上的 UDI 码", "scan the UDI on the package", "不是UDI码"
    ),
    "invalid": ReasonText(
        "码读错或印错", "wrong or damaged code", "重扫;不行就报标签问题", "scan again, else report the label", "重扫"
    ),
    "several_packages": ReasonText(
        "画面里不止一件", "more than one package", "一次一件", "one package at a time", "一次一件"
    ),
    "symbols_disagree": ReasonText(
        "同一件上的码说法不一", "codes on one package differ", "勿用,报质量部门", "do not use; tell quality", "码不一致"
    ),
    "house_code_unknown": ReasonText(
        "院内码没有绑定",
        "house code is bound to nothing",
        "扫包装上的 UDI 码",
        "scan the UDI on the package",
        "院内码未绑定",
    ),
    "house_code_missing": ReasonText(
        "要绑的院内码或包装没有扫到",
        "house code or package to bind was not shown",
        "先出示绑码卡,再扫院内码和包装",
        "show the card first, then house code and package",
        "缺院内码",
    ),
    "house_code_conflict": ReasonText(
        "院内码和包装上的 UDI 不一致",
        "house code and UDI differ",
        "勿用,报管码的人",
        "do not use; tell who binds house codes",
        "院内码不符",
    ),
    "ambiguous_code": ReasonText(
        "这个码可以当成两种码,不算数",
        "this code could be two things and counts for neither",
        "报信息科核对 [patterns]",
        "let IT compare it with [patterns]",
        "码有歧义",
    ),
    "bed_not_here": ReasonText(
        "本站位置固定,不用扫床头卡",
        "this station has a place of its own and takes no bed label",
        "直接扫物品",
        "go on with the items",
        "本站不记床位",
    ),
    "half": ReasonText("只有一半码", "half of a UDI", "扫第二个码", "scan the second code", "请扫第二个码"),
    "half_apart": ReasonText(
        "还有半个码没有算进来",
        "half a code in view was not counted",
        "是同一件就靠近再扫;不是就一次一件",
        "same package: show both codes close together; else one at a time",
        "还有半个码",
    ),
    "pi_missing": ReasonText(
        "没有批号或效期",
        "no production identifier",
        "找第二个码;没有就核对标签",
        "look for the second code, else check the label",
        "缺第二个码",
    ),
    "separator_missing": ReasonText(
        "批号和序列号可能连在一起了",
        "lot and serial may have run together",
        "对照印刷文字核对批号、序列号",
        "compare lot and serial with the printed text",
        "核对批号",
    ),
    "expired": ReasonText("已过期", "expired", "勿用,放不合格区", "do not use; quarantine it", "过期"),
    "near_expiry": ReasonText("近效期", "near expiry", "先用这一件", "use this one first", "近效期"),
    "recalled": ReasonText("已召回", "recalled", "勿用,放不合格区", "do not use; quarantine it", "召回"),
    "stop_use": ReasonText("暂停使用", "use suspended", "勿用,报质量部门", "do not use; tell quality", "暂停使用"),
    "hold": ReasonText("待验", "on hold", "等质量部门放行", "wait for release", "待验"),
    "serial_seen": ReasonText(
        "这个序列号已经登记过",
        "this serial was booked before",
        "不再记账;换一件,或查上一次登记",
        "not booked again; take another one, or look the former booking up",
        "已登记过",
    ),
    "counted_before": ReasonText(
        "本次盘点已经数过", "counted before in this stock-take", "不再计数;数下一件", "it counts once; go on", "已数过"
    ),
    "wrong_level": ReasonText(
        "这是整箱或中包的码",
        "this is the code of a whole pack",
        "扫里面那一件的码",
        "scan the code of the single item",
        "扫单件的码",
    ),
    "loose_unit": ReasonText(
        "这是拆零的使用单元",
        "a single unit of use",
        "核对数量,整包就扫外包装",
        "check the quantity; for a whole pack scan its outside",
        "核对数量",
    ),
    "reading_asked": ReasonText(
        "本单已提示过测温", "a reading was asked for in this delivery", "不用处理", "nothing to do here", "已提示测温"
    ),
    "storage_reading": ReasonText(
        "冷藏品,没有测温不能入库",
        "cold goods are not received without their temperature",
        "测温,扫数字卡输入;测不了就扫原因卡,或扫“待验”",
        "take it and key it by digits; if you cannot, show a reason card, or the card HOLD",
        "请测温",
    ),
    "temperature_out": ReasonText(
        "温度超出规定范围",
        "the temperature is out of the range",
        "扫“待验”或“拒收”;一定要收就扫原因卡",
        "show the card HOLD or REFUSE; if it is taken all the same, a reason card",
        "温度超限",
    ),
    "reading_due": ReasonText(
        "冷藏品,要测温", "cold goods: reading needed", "测温并记录", "take the temperature and write it down", "请测温"
    ),
    "certificate_ended": ReasonText(
        "生产时注册证已到期",
        "made after its certificate had ended",
        "问供应商要延续的注册证",
        "ask the supplier for the renewed certificate",
        "核对注册证",
    ),
    "certificate_later": ReasonText(
        "生产日期早于本证", "made before this certificate began", "不用处理", "nothing to do here", "早于注册证"
    ),
    "unknown_di": ReasonText("产品库里没有", "not in the catalogue", "不用处理", "nothing to do here", "产品未知"),
    "withdrawn_di": ReasonText(
        "产品标识已退市", "identifier withdrawn", "收货时问供应商", "ask the supplier at receipt", "已退市"
    ),
    "pi_flag_mismatch": ReasonText(
        "标签与数据库不符", "label differs from UDID", "报供应商", "report to the supplier", "标签不符"
    ),
    "pi_flag_extra": ReasonText(
        "标签比数据库多", "the label says more than UDID", "不用处理", "nothing to do here", "标签不符"
    ),
    "label_fault": ReasonText("标签印得不规范", "fault of the label", "报供应商", "report to the supplier", "标签问题"),
    "nhsa_missing": ReasonText("没有医保码", "no 医保 code", "不用处理", "nothing to do here", "缺医保码"),
    "nhsa_expired": ReasonText(
        "医保码已失效", "医保 code not in force", "不用处理", "nothing to do here", "医保码失效"
    ),
    "nhsa_ambiguous": ReasonText(
        "医保码不止一个", "several 医保 codes", "不用处理", "nothing to do here", "医保码多个"
    ),
    "watched": ReasonText("集采重点关注", "on a 集采 watch list", "不用处理", "nothing to do here", "集采关注"),
    "catalogue_old": ReasonText("产品库太旧", "the catalogue is old", "叫信息科更新", "let IT update it", "产品库太旧"),
    "clock_unset": ReasonText(
        "本机没有时间", "the clock is not set", "核对标签上的有效期", "check the date on the label", "核对效期"
    ),
    "clock_untrusted": ReasonText(
        "本机时间不可靠", "clock not trusted", "叫信息科看看对时", "let IT look at the time service", "时间不可靠"
    ),
    "not_on_document": ReasonText(
        "不在这张单上", "not on this document", "确实到了就扫“多货”", "if it is there, show the card OVER", "不在单上"
    ),
    "over": ReasonText(
        "比单上多", "more than the document says", "确实多就扫“多货”", "if it is so, show the card OVER", "多货"
    ),
    "other_lot": ReasonText(
        "批号与单上不符",
        "another lot than the document's",
        "确实混批就扫“混批”",
        "if it is so, show the card MIXED",
        "批号不符",
    ),
    "serial_not_announced": ReasonText(
        "序列号不在预报里",
        "this serial was not announced",
        "确实如此就扫“混批”",
        "if it is so, show the card MIXED",
        "序列号不符",
    ),
    "box_announced": ReasonText(
        "整箱按单登记", "the whole box is booked as announced", "抽查箱内", "look at some of the pieces", "整箱登记"
    ),
    "by_line": ReasonText(
        "按清单的行登记,没有读码",
        "booked by its line of the list, no code was read",
        "核对行号和数量",
        "check the line and the quantity",
        "按行登记",
    ),
    "off_list": ReasonText(
        "不在器械包清单上", "on no line of the kit's list", "记在清单外", "it is counted apart", "清单外"
    ),
    "kit_missing_first": ReasonText(
        "没有打开的器械包", "no loaner kit is open", "先扫器械包的标签", "show the kit's label first", "请先打开器械包"
    ),
    "fefo": ReasonText(
        "有更早到期的",
        "something here expires earlier",
        "先拿早到期的;不换就扫原因卡",
        "take that one, else show a reason card",
        "先到期先出",
    ),
    "not_picked": ReasonText(
        "比拣货多", "more than was picked", "先拣货,再复核", "pick it first, then verify", "还没拣货"
    ),
    "not_verified": ReasonText(
        "还没复核", "not verified yet", "请另一人复核", "let another person verify it", "还没复核"
    ),
    "picker_verifies": ReasonText(
        "拣货人不能复核",
        "whoever picked does not verify",
        "请另一人扫胸牌",
        "let another person scan a badge",
        "换人复核",
    ),
    "goods_held": ReasonText(
        "有货品待验,没有放行",
        "goods are held and were not released",
        "请质量部门放行",
        "let quality release them",
        "待验未放行",
    ),
    "not_checked": ReasonText(
        "登记单上有,开封前没有核对",
        "on the form, not checked before it was opened",
        "核对有效期和型号",
        "compare expiry and size",
        "没有核对过",
    ),
    "resume_or_close": ReasonText(
        "这张单放下太久了",
        "this document has lain too long",
        "再扫一次单号继续,或扫结束卡",
        "scan the document to go on, or the card CLOSE",
        "请继续或结束",
    ),
    "card_forged": ReasonText(
        "这张卡不是本院发的",
        "no card of this site",
        "换一张卡,旧卡交信息科",
        "take another card; give this one to IT",
        "卡无效",
    ),
    "card_revoked": ReasonText(
        "这张卡已作废",
        "this card is revoked",
        "换一张卡,旧卡交信息科",
        "take another card; give this one to IT",
        "卡已作废",
    ),
    "card_unknown": ReasonText(
        "本站不认识这张卡",
        "this station does not know this card",
        "叫信息科更新本站",
        "let IT update this station",
        "卡不认识",
    ),
    "operator_missing": ReasonText(
        "还没有刷胸牌", "no badge yet", "先扫胸牌,再扫这件", "scan your badge, then this again", "请先扫胸牌"
    ),
    "patient_missing": ReasonText(
        "还没有扫腕带", "no wristband yet", "先扫腕带,再扫这件", "scan the wristband, then this again", "请先扫腕带"
    ),
}


def say(code: str, lang: Lang = "zh") -> str:
    """A reason and its next step in one line; an unknown code (of a newer station) is given as it is."""
    text = TEXTS.get(code)
    if text is None:
        return code
    return f"{text.zh}:{text.zh_next}" if lang == "zh" else f"{text.en}: {text.en_next}"
