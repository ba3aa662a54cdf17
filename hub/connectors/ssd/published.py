"""The published layout: the tables this connector reads, with their columns, types and sizes.

Source: Standard Safeguarding Dataset, data objects specification (data-to-insight, MIT). Real extracts differ in
types, in which tables they fill, and in the name of the NHS number's column; :mod:`.layout` finds out. Foreign keys
are left out as extracts leave them out (the specification has two that point at no column).
"""

from __future__ import annotations

from sqlalchemy import NCHAR, Boolean, Column, DateTime, Float, Index, Integer, MetaData, Table, Unicode
from sqlalchemy.types import TypeEngine

NHS_COLUMNS = ("pers_single_unique_id", "pers_common_child_id")
"""Where the NHS number may be: the first in releases from v1.4, the second before and in the specification's text."""

LABELS_TABLE = "hub_record_labels"
DOCUMENTS_TABLE = "hub_case_documents"
ASSESSED = "sensitivity_assessed"
"""The ``rela_label`` of a row that says somebody decided which sensitivity words apply to the record, maybe none."""

COMPANIONS = {
    LABELS_TABLE: "rela_table!:48 rela_record_id!:48 rela_label!:64",
    DOCUMENTS_TABLE: """
        docu_id!:48 docu_person_id:48 docu_date:d docu_type:100 docu_title:255 docu_summary:4000
        docu_attachment:255
    """,
}
"""Two tables beside the dataset, filled from the case system: ``docs/adr/0004-council-companion-tables.md``."""

# name:type, with ! after the name of a key: a number is a text's length, n a fixed length, d date and time, i integer,
# f decimal, b yes or no.
PUBLISHED = {
    "ssd_person": """
        pers_person_id!:48 pers_forename:255 pers_surname:255 pers_sex:20 pers_gender:10 pers_ethnicity:48 pers_dob:d
        pers_common_child_id:48 pers_legacy_id:48 pers_upn_unknown:6 pers_send_flag:n1 pers_expected_dob:d
        pers_death_date:d pers_is_mother:n1 pers_nationality:48
    """,
    "ssd_address": """
        addr_table_id!:48 addr_address_json:1000 addr_person_id:48 addr_address_type:48 addr_address_start_date:d
        addr_address_end_date:d addr_address_postcode:15
    """,
    "ssd_family": """
        fami_table_id!:48 fami_family_id:48 fami_person_id:48
    """,
    "ssd_mother": """
        moth_table_id!:48 moth_person_id:48 moth_childs_person_id:48 moth_childs_dob:d
    """,
    "ssd_involvements": """
        invo_involvements_id!:48 invo_professional_id:48 invo_professional_role_id:200 invo_professional_team:48
        invo_involvement_start_date:d invo_involvement_end_date:d invo_worker_change_reason:200 invo_person_id:48
        invo_referral_id:48
    """,
    "ssd_professionals": """
        prof_professional_id!:48 prof_staff_id:48 prof_professional_name:300 prof_social_worker_registration_no:48
        prof_professional_job_title:500 prof_professional_caseload:i prof_professional_department:100
        prof_full_time_equivalency:f prof_agency_worker_flag:n1
    """,
    "ssd_department": """
        dept_team_id!:48 dept_team_name:255 dept_team_parent_id:48 dept_team_parent_name:255
    """,
    "ssd_contacts": """
        cont_contact_id!:48 cont_person_id:48 cont_contact_date:d cont_contact_source_code:48
        cont_contact_source_desc:255 cont_contact_outcome_json:4000
    """,
    "ssd_early_help_episodes": """
        earl_episode_id!:48 earl_person_id:48 earl_episode_start_date:d earl_episode_end_date:d earl_episode_reason:100
        earl_episode_end_reason:100 earl_episode_organisation:100 earl_episode_worker_id:100
    """,
    "ssd_cin_episodes": """
        cine_referral_id!:48 cine_person_id:48 cine_referral_date:d cine_cin_primary_need_code:3
        cine_referral_source_code:48 cine_referral_source_desc:255 cine_referral_outcome_json:4000 cine_referral_nfa:n1
        cine_close_reason:100 cine_close_date:d cine_referral_team:48 cine_referral_worker_id:100
    """,
    "ssd_cin_assessments": """
        cina_assessment_id!:48 cina_person_id:48 cina_referral_id:48 cina_assessment_start_date:d
        cina_assessment_child_seen:n1 cina_assessment_auth_date:d cina_assessment_outcome_json:1000
        cina_assessment_outcome_nfa:n1 cina_assessment_team:48 cina_assessment_worker_id:100
    """,
    "ssd_assessment_factors": """
        cinf_table_id!:48 cinf_assessment_id:48 cinf_assessment_factors_json:1000
    """,
    "ssd_cin_plans": """
        cinp_cin_plan_id!:48 cinp_referral_id:48 cinp_person_id:48 cinp_cin_plan_start_date:d cinp_cin_plan_end_date:d
        cinp_cin_plan_team:48 cinp_cin_plan_worker_id:100
    """,
    "ssd_s47_enquiry": """
        s47e_s47_enquiry_id!:48 s47e_referral_id:48 s47e_person_id:48 s47e_s47_start_date:d s47e_s47_end_date:d
        s47e_s47_nfa:n1 s47e_s47_outcome_json:1000 s47e_s47_completed_by_worker_id:100 s47e_s47_completed_by_team:48
    """,
    "ssd_initial_cp_conference": """
        icpc_icpc_id!:48 icpc_icpc_meeting_id:48 icpc_s47_enquiry_id:48 icpc_person_id:48 icpc_cp_plan_id:48
        icpc_referral_id:48 icpc_icpc_transfer_in:n1 icpc_icpc_target_date:d icpc_icpc_date:d
        icpc_icpc_outcome_cp_flag:n1 icpc_icpc_outcome_json:500 icpc_icpc_team:48 icpc_icpc_worker_id:100
    """,
    "ssd_cp_plans": """
        cppl_cp_plan_id!:48 cppl_referral_id:48 cppl_icpc_id:48 cppl_person_id:48 cppl_cp_plan_start_date:d
        cppl_cp_plan_end_date:d cppl_cp_plan_initial_category:100 cppl_cp_plan_ola:n1 cppl_cp_plan_latest_category:100
    """,
    "ssd_cp_reviews": """
        cppr_cp_review_id!:48 cppr_person_id:48 cppr_cp_plan_id:48 cppr_cp_review_due:d cppr_cp_review_date:d
        cppr_cp_review_meeting_id:48 cppr_cp_review_outcome_continue_cp:n1 cppr_cp_review_quorate:n100
        cppr_cp_review_participation:n100
    """,
    "ssd_cp_visits": """
        cppv_cp_visit_id!:48 cppv_person_id:48 cppv_cp_plan_id:48 cppv_cp_visit_date:d cppv_cp_visit_seen:n1
        cppv_cp_visit_seen_alone:n1 cppv_cp_visit_bedroom:n1
    """,
    "ssd_cla_episodes": """
        clae_cla_episode_id!:48 clae_person_id:48 clae_cla_episode_start_date:d clae_cla_episode_start_reason:100
        clae_cla_primary_need_code:3 clae_cla_episode_ceased_date:d clae_cla_episode_ceased_reason:255 clae_cla_id:48
        clae_referral_id:48 clae_cla_placement_id:48 clae_entered_care_date:d clae_cla_last_iro_contact_date:d
    """,
    "ssd_cla_placement": """
        clap_cla_placement_id!:48 clap_cla_placement_start_date:d clap_cla_placement_type:100 clap_cla_placement_urn:48
        clap_cla_placement_distance:f clap_cla_id:48 clap_cla_placement_provider:48 clap_cla_placement_postcode:8
        clap_cla_placement_end_date:d clap_cla_placement_change_reason:100 clap_person_id:48
    """,
    "ssd_missing": """
        miss_table_id!:48 miss_person_id:48 miss_missing_episode_start_date:d miss_missing_episode_type:100
        miss_missing_episode_end_date:d miss_missing_rhi_offered:2 miss_missing_rhi_accepted:2
    """,
    "ssd_disability": """
        disa_person_id:48 disa_table_id!:48 disa_disability_code:48
    """,
    "ssd_send": """
        send_table_id!:48 send_upn:48 send_uln:48 send_upn_unknown:6 send_person_id:48
    """,
    "ssd_sen_need": """
        senn_table_id!:48 senn_active_ehcp_id:48 senn_active_ehcp_need_type:100 senn_active_ehcp_need_rank:n1
    """,
    "ssd_ehcp_requests": """
        ehcr_ehcp_request_id!:48 ehcr_send_table_id:48 ehcr_ehcp_req_date:d ehcr_ehcp_req_outcome_date:d
        ehcr_ehcp_req_outcome:100
    """,
    "ssd_ehcp_assessment": """
        ehca_ehcp_assessment_id!:48 ehca_ehcp_request_id:48 ehca_ehcp_assessment_outcome_date:d
        ehca_ehcp_assessment_outcome:100 ehca_ehcp_assessment_exceptions:100
    """,
    "ssd_ehcp_named_plan": """
        ehcn_named_plan_id!:48 ehcn_ehcp_asmt_id:48 ehcn_named_plan_start_date:d ehcn_named_plan_ceased_date:d
        ehcn_named_plan_ceased_reason:100
    """,
    "ssd_ehcp_active_plans": """
        ehcp_active_ehcp_id!:48 ehcp_ehcp_request_id:48 ehcp_active_ehcp_last_review_date:d
    """,
    "ssd_legal_status": """
        lega_legal_status_id!:48 lega_person_id:48 lega_legal_status:100 lega_legal_status_start_date:d
        lega_legal_status_end_date:d
    """,
    "ssd_immigration_status": """
        immi_person_id:48 immi_immigration_status_id!:48 immi_immigration_status:48 immi_immigration_status_start_date:d
        immi_immigration_status_end_date:d
    """,
    "ssd_pre_proceedings": """
        prep_table_id!:48 prep_person_id:48 prep_plo_family_id:48 prep_pre_pro_decision_date:d
        prep_initial_pre_pro_meeting_date:d prep_pre_pro_outcome:100 prep_agree_stepdown_issue_date:d
        prep_cp_plans_referral_period:i prep_legal_gateway_outcome:100 prep_prev_pre_proc_child:i
        prep_prev_care_proc_child:i prep_pre_pro_letter_date:d prep_care_pro_letter_date:d prep_pre_pro_meetings_num:i
        prep_pre_pro_parents_legal_rep:n1 prep_parents_legal_rep_point_of_issue:n2 prep_court_reference:48
        prep_care_proc_court_hearings:i prep_care_proc_short_notice:n1 prep_proc_short_notice_reason:100
        prep_la_inital_plan_approved:n1 prep_la_initial_care_plan:100 prep_la_final_plan_approved:n1
        prep_la_final_care_plan:100
    """,
    "ssd_permanence": """
        perm_table_id!:48 perm_person_id:48 perm_cla_id:48 perm_adm_decision_date:d perm_ffa_cp_decision_date:d
        perm_placement_order_date:d perm_placed_for_adoption_date:d perm_matched_date:d perm_adopted_by_carer_flag:n1
        perm_placed_ffa_cp_date:d perm_decision_reversed_date:d perm_placed_foster_carer_date:d
        perm_part_of_sibling_group:n1 perm_siblings_placed_together:i perm_siblings_placed_apart:i
        perm_placement_provider_urn:48 perm_decision_reversed_reason:100 perm_permanence_order_date:d
        perm_permanence_order_type:100 perm_adoption_worker_id:100 perm_adopter_sex:48 perm_adopter_legal_status:100
        perm_number_of_adopters:3
    """,
    "ssd_cin_visits": """
        cinv_cin_visit_id!:48 cinv_person_id:48 cinv_cin_visit_date:d cinv_cin_visit_seen:n1
        cinv_cin_visit_seen_alone:n1 cinv_cin_visit_bedroom:n1
    """,
    "ssd_cla_convictions": """
        clac_cla_conviction_id!:48 clac_person_id:48 clac_cla_conviction_date:d clac_cla_conviction_offence:1000
    """,
    "ssd_cla_health": """
        clah_health_check_id!:48 clah_person_id:48 clah_health_check_type:500 clah_health_check_date:d
        clah_health_check_status:48
    """,
    "ssd_cla_immunisations": """
        clai_person_id!:48 clai_immunisations_status:n1 clai_immunisations_status_date:d
    """,
    "ssd_cla_substance_misuse": """
        clas_substance_misuse_id!:48 clas_person_id:48 clas_substance_misuse_date:d clas_substance_misused:n100
        clas_intervention_received:n1
    """,
    "ssd_cla_reviews": """
        clar_cla_review_id!:48 clar_cla_id:48 clar_cla_review_due_date:d clar_cla_review_date:d
        clar_cla_review_cancelled:n1 clar_cla_review_participation:100
    """,
    "ssd_cla_visits": """
        clav_cla_visit_id!:48 clav_cla_id:48 clav_person_id:48 clav_cla_visit_date:d clav_cla_visit_seen:n1
        clav_cla_visit_seen_alone:n1
    """,
    "ssd_cla_previous_permanence": """
        lapp_table_id!:48 lapp_person_id:48 lapp_previous_permanence_order_date:100
        lapp_previous_permanence_option:200 lapp_previous_permanence_la:100
    """,
    "ssd_cla_care_plan": """
        lacp_table_id!:48 lacp_person_id:48 lacp_cla_care_plan_start_date:d lacp_cla_care_plan_end_date:d
        lacp_cla_care_plan_json:1000
    """,
    "ssd_sdq_scores": """
        csdq_table_id!:48 csdq_person_id:48 csdq_sdq_completed_date:d csdq_sdq_reason:100 csdq_sdq_score:100
    """,
    "ssd_care_leavers": """
        clea_table_id!:48 clea_person_id:48 clea_care_leaver_eligibility:100 clea_care_leaver_in_touch:100
        clea_care_leaver_latest_contact:d clea_care_leaver_accommodation:100 clea_care_leaver_accom_suitable:100
        clea_care_leaver_activity:100 clea_pathway_plan_review_date:d clea_care_leaver_personal_advisor:100
        clea_care_leaver_allocated_team:48 clea_care_leaver_worker_id:100
    """,
    "ssd_voice_of_child": """
        voch_table_id!:48 voch_person_id:48 voch_explained_worries:n1 voch_story_help_understand:n1
        voch_agree_worker:n1 voch_plan_safe:n1 voch_tablet_help_explain:n1
    """,
    "ssd_linked_identifiers": """
        link_table_id!:48 link_person_id:48 link_identifier_type:100 link_identifier_value:100
        link_valid_from_date:d link_valid_to_date:d
    """,
    "ssd_version_log": """
        version_number!:10 release_date:d description:100 is_current:b created_at:d created_by:10 impact_description:255
    """,
}


UNREAD = {
    "ssd_s251_finance": "what a placement cost; its columns are place-holders in the specification",
    "ssd_api_data_staging": "what a council's upload to government keeps between two runs: copies of other tables",
}
"""The tables of the specification that this connector does not read, and why."""


def metadata(nhs_column: str = NHS_COLUMNS[0], schema: str | None = None) -> MetaData:
    """Every table of this module, ready to create. ``nhs_column`` is one of :data:`NHS_COLUMNS`."""
    tables = MetaData(schema=schema)
    for name, text in {**PUBLISHED, **COMPANIONS}.items():
        columns = [_column(word.replace(NHS_COLUMNS[1], nhs_column)) for word in text.split()]
        owners = [
            column for column in columns if column.name.endswith(("person_id", "family_id")) and name != "ssd_person"
        ]
        Table(name, tables, *columns, *(Index(f"ix_{name}_{column.name}", column.name) for column in owners))
    return tables


def column_names(table: str) -> tuple[str, ...]:
    """The published columns of ``table``; ``ssd_person`` has both names of the NHS number's column."""
    words = {**PUBLISHED, **COMPANIONS}[table].split()
    names = tuple(word.partition(":")[0].rstrip("!") for word in words)
    return (*names, NHS_COLUMNS[0]) if table == "ssd_person" else names


def _column(word: str) -> Column[object]:
    name, _, code = word.partition(":")
    return Column(name.rstrip("!"), _type(code), primary_key=name.endswith("!"), autoincrement=False)


def _type(code: str) -> TypeEngine[object]:
    plain: dict[str, TypeEngine[object]] = {"d": DateTime(), "i": Integer(), "f": Float(), "b": Boolean()}  # type: ignore[dict-item]
    if code in plain:
        return plain[code]
    return NCHAR(int(code[1:])) if code.startswith("n") else Unicode(int(code))  # type: ignore[return-value]
