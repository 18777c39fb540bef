# What the configuration makes, and what an earlier one left in the run's folder.

from promptseg.core.leftovers import leftovers


def final_products():
    """What people read: the pages, every figure in all its formats with its caption, every table. One that was deleted is made again."""
    of_parts = {
        "everything": rules.tabulate_everything,
        "ambiguity": rules.tabulate_ambiguity,
        "trust": rules.tabulate_trust,
        "robustness": rules.tabulate_robustness,
        "groups": rules.tabulate_groups,
        "volumes": rules.tabulate_volumes,
        "composed": rules.tabulate_composed,
        "protocols": rules.tabulate_protocols,
        "users": rules.tabulate_users,
        "equivalence": rules.tabulate_equivalence,
    }
    pages = [
        rules.build_page,
        rules.build_explorer,
        *([rules.build_volume_pages] if "volumes" in optional_parts() else []),
    ]
    tables = [
        rules.aggregate,
        rules.tabulate_claims,
        *(of_parts[part] for part in optional_parts() if part in of_parts),
    ]
    of_users = [
        rules.prompts_of_user,
        rules.aggregate_of_user,
        rules.tabulate_claims_of_user,
        *([rules.tabulate_groups_of_user] if "groups" in optional_parts() else []),
    ]
    users_files = expand([path for rule in of_users for path in rule.output], user=USERS, dataset=DATASETS)
    noise = rules.tabulate_noise.output if RECORDED_USERS else []
    exports = expand(rules.export_dataset.output, format=config["exports"], dataset=DATASETS)
    figures = [str(Path(png).with_suffix(f".{ending}")) for png in get_figures() for ending in [*ENDINGS, "md"]]
    return [
        *(path for rule in pages for path in rule.output),
        *figures,
        *(path for rule in tables for path in rule.output),
        *users_files,
        *noise,
        *exports,
    ]


def products():
    """What the configuration makes in the run's folder, that of datasets which are not there now included."""
    names = {"dataset": config["run"]["datasets"], "method": METHODS}
    each = [rules.prompts, rules.predict, rules.score, rules.trust]
    files = expand([path for rule in each for path in rule.output], **names)
    for name in SHARDED:
        files += expand(
            [*rules.predict_shard.output, *rules.score_shard.output],
            dataset=name,
            method=METHODS,
            shard=shard_names(name),
        )
    files += expand(rules.ambiguity.output, dataset=names["dataset"], method=ambiguous_methods())
    if measured(config, "images"):
        files += expand(
            [*rules.predict_protocols.output, *rules.score_protocols.output],
            method=facts.asked_methods(config),
            dataset=names["dataset"],
        )
    if "robustness" in optional_parts():
        files += expand(rules.robustness.output, **names)
    if "volumes" in optional_parts():
        files += expand(
            [*rules.predict_volumes.output, *rules.score_volumes.output],
            method=facts.volume_sources(config),
            dataset=facts.volume_datasets(config),
        )
        if measured(config, "volumes"):
            files += expand(
                [*rules.predict_protocols_volumes.output, *rules.score_protocols_of_volumes.output],
                method=sorted(set(facts.volume_methods(config)) - set(MASKED_METHODS)),
                dataset=facts.volume_datasets(config),
            )
    if "composed" in optional_parts():
        files += expand([*rules.probabilities.output, *rules.compose.output], **names)
    if {"composed", "volumes"} <= set(optional_parts()):
        files += expand(
            rules.compose_volumes.output,
            method=facts.volume_sources(config),
            dataset=facts.volume_datasets(config),
        )
    each = [rules.predict_of_user, rules.score_of_user]
    files += expand([path for rule in each for path in rule.output], **names, user=USERS)
    files += expand(rules.record_prompts.output, dataset=names["dataset"], user=RECORDED_USERS)
    asked_for = [*rules.compare_manifests.output, *expand(rules.export_prompts.output, dataset=names["dataset"])]
    return {str(path) for path in [*files, *final_products(), *asked_for]}


def get_leftovers(wildcards):
    return leftovers(records.Records(RESULTS, SHARED), RESULTS, products())


def say_leftovers(dryrun):
    """For `AtStart`: one line, so that they are not taken for results of this configuration."""
    if found := get_leftovers(None):
        logger.info(
            f"{len(found)} files in {RESULTS} are not of this configuration: `snakemake --cores 1 leftovers` lists "
            "them, `remove_leftovers` removes them."
        )


logger.addHandler(AtStart(workflow, say_leftovers))
