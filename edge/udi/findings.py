"""Every finding a parser can give, with its grade. What each means in words is in `edge.udi.wording`."""

from __future__ import annotations

from datetime import date

from edge.udi.model import Finding, Grade

_ERRORS = """
    too_long not_text symbology_unknown empty_symbol full_width unrecognised
    ai_unknown ai_too_many ai_too_short ai_too_long ai_charset ai_repeat_conflict ai_excluded component_incomplete
    check_digit check_pair company_prefix non_digit_required value_not_allowed country_unknown currency_unknown
    percent_encoding base64 iban date_impossible date_day_required time_impossible pieces_impossible
    separator_missing gtin_length brackets_broken
    link_compressed link_no_key link_malformed link_qualifier link_attribute
    ma_prefix ma_registrant ma_product ma_field_empty ma_field_charset ma_field_repeated ma_xml ma_template
    ahm_di ahm_field ahm_field_repeated
    hibc_charset hibc_check hibc_link hibc_primary hibc_secondary hibc_supplement hibc_length hibc_provider
    hibc_repeated
    isbt_unknown isbt_length isbt_charset isbt_count isbt_repeated isbt_donation_check
    ifa_field ifa_repeated ifa_cut ppn ppn_check
    symbols_disagree
"""
_WARNINGS = """
    reader_suffix identifier_in_data caps_lock keyboard_layout separator_replaced
    not_gs1_symbol link_in_gs1_symbol brackets_in_symbol brackets_ambiguous gtin_restricted dates_reversed
    ma_di_check ma_pi_check ma_check_not_last ma_field_unknown
    ahm_unconfirmed
    hibc_folded hibc_order
    isbt_blank isbt_sequence
    ifa_envelope
"""
_NOTES = """
    plain_text gs1_unconfirmed ai_required date_day_missing separator_doubtful bracketed_text gtin_only
    ma_case ma_old_letter ma_valid_until ma_unconfirmed_field
    ahm_lot_tag
    hibc_asterisks hibc_month_only
    isbt_century isbt_national
    joined_by_time half_apart higher_level other_agency
"""

GRADES = {
    code: grade
    for grade, codes in ((Grade.ERROR, _ERRORS), (Grade.WARNING, _WARNINGS), (Grade.NOTE, _NOTES))
    for code in codes.split()
}
"""Grade by finding code."""


def finding(code: str, at: int | None = None, value: str = "") -> Finding:
    """A finding with the grade of the table.

    Raises:
        KeyError: there is no such code.
    """
    return Finding(code, GRADES[code], at, value)


def in_order(findings: tuple[Finding, ...], made: date | None, expires: date | None) -> tuple[Finding, ...]:
    """The findings, and one more if a device expires before it is made."""
    if made is None or expires is None or made <= expires:
        return findings
    return (*findings, finding("dates_reversed", None, f"{made} > {expires}"))
