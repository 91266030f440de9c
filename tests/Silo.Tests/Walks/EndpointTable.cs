namespace EnergyTTT.Silo.Tests.Walks;

/// <summary>
/// Who may call which endpoint. A letter stands for who comes in: <c>n</c>obody, <c>v</c>iewer, <c>o</c>perator, <c>b</c>ound operator (of another
/// deployment), <c>a</c>dministrator, a<c>g</c>ent, <c>e</c>ngine. Bodies are such that a call that is let in reaches the rule that matters.
/// </summary>
internal static class EndpointTable
{
    private const string Everybody = "nvobage";
    private const string Look = "voba";
    private const string LookOrEngine = "vobae";
    private const string OperateHere = "oa";
    private const string Administer = "a";
    private const string Engine = "ae";
    private const string OperateOwn = "oba";
    private const string Record = "obage";
    private const string Policy = """{"document":{},"reason":"walk"}""";
    private const string Deployment = """{"model":"m","layers":1,"experts":4,"top_k":2,"gate":"softmax","bias_space":"logit","replicas":[{"id":"a","gpus":["GPU-walk"]}]}""";

    /// <summary>Method and pattern as the server says them: who, the address to call, the body.</summary>
    public static Dictionary<string, (string Who, string Address, string? Body)> Rows { get; } = new()
    {
        ["GET /health/live"] = (Everybody, "/health/live", null),
        ["GET /health/ready"] = (Everybody, "/health/ready", null),
        ["GET /metrics"] = (Everybody, "/metrics", null),
        ["GET /openapi/{documentName}.json"] = (Everybody, "/openapi/v1.json", null),
        ["GET /docs"] = (Everybody, "/docs", null),
        ["GET /docs/docs.js"] = (Everybody, "/docs/docs.js", null),
        ["GET /docs/docs.css"] = (Everybody, "/docs/docs.css", null),

        ["POST /v1/telemetry"] = ("ag", "/v1/telemetry", "{}"),
        ["GET /v1/hosts/{host}/power-cap"] = ("ag", "/v1/hosts/walk/power-cap", null),
        ["GET /v1/telemetry/quarantine"] = (Look, "/v1/telemetry/quarantine", null),
        ["GET /v1/fleet"] = (Look, "/v1/fleet", null),
        ["GET /v1/gpus"] = (Look, "/v1/gpus", null),
        ["GET /v1/gpus/{id}"] = (Look, "/v1/gpus/GPU-walk", null),
        ["GET /v1/series"] = (Look, "/v1/series?metric=power_average_watts&from=now-1h", null),
        ["GET /v1/metrics-catalogue"] = (Look, "/v1/metrics-catalogue", null),
        ["GET /v1/status"] = (Look, "/v1/status", null),

        ["GET /v1/deployments"] = (Look, "/v1/deployments", null),
        ["GET /v1/deployments/{id}"] = ("voae", "/v1/deployments/walk", null),
        ["PUT /v1/deployments/{id}"] = ("oae", "/v1/deployments/walk", Deployment),
        ["GET /v1/deployments/{id}/ledger"] = (Look, "/v1/deployments/walk/ledger", null),
        ["POST /v1/deployments/{id}/feedback"] = (Engine, "/v1/deployments/walk/feedback", "{}"),
        ["GET /v1/deployments/{id}/bias"] = (Engine, "/v1/deployments/walk/bias?after=0&wait=0s", null),
        ["POST /v1/deployments/{id}/place"] = (Engine, "/v1/deployments/walk/place", "{}"),
        ["POST /v1/deployments/{id}/applied"] = (Engine, "/v1/deployments/walk/applied", "{}"),

        ["GET /v1/routers/{deployment}/{layer:int}"] = (Look, "/v1/routers/walk/0", null),
        ["GET /v1/routers/{deployment}/{layer:int}/epochs"] = (Look, "/v1/routers/walk/0/epochs", null),
        ["GET /v1/routers/{deployment}/{layer:int}/snapshots"] = (Look, "/v1/routers/walk/0/snapshots", null),
        ["GET /v1/routers/{deployment}/{layer:int}/compare"] = (Look, "/v1/routers/walk/0/compare?left=1&right=2", null),
        ["GET /v1/routers/{deployment}/{layer:int}/samples"] = (Look, "/v1/routers/walk/0/samples", null),
        ["GET /v1/routers/{deployment}/{layer:int}/explain"] = (Look, "/v1/routers/walk/0/explain", null),
        ["POST /v1/routers/{deployment}/{layer:int}/restore"] = (OperateHere, "/v1/routers/walk/0/restore", """{"snapshot":1}"""),
        ["POST /v1/routers/{deployment}/{layer:int}/freeze"] = (OperateHere, "/v1/routers/walk/0/freeze", """{"frozen":true}"""),
        ["POST /v1/routers/{deployment}/{layer:int}/snapshots"] = (OperateHere, "/v1/routers/walk/0/snapshots", null),
        ["POST /v1/routers/{deployment}/{layer:int}/fork"] = (OperateHere, "/v1/routers/walk/0/fork", """{"snapshot":1,"deployment":"walk","layer":0}"""),

        ["GET /v1/policies"] = (Look, "/v1/policies", null),
        ["GET /v1/policies/schema"] = (Look, "/v1/policies/schema", null),
        ["GET /v1/policies/fields"] = (Look, "/v1/policies/fields", null),
        ["GET /v1/policies/{scope:regex(^fleet$)}"] = (Look, "/v1/policies/fleet", null),
        ["GET /v1/policies/{scope:regex(^fleet$)}/versions"] = (Look, "/v1/policies/fleet/versions", null),
        ["GET /v1/policies/{scope:regex(^fleet$)}/diff"] = (Look, "/v1/policies/fleet/diff?from=0&to=0", null),
        ["GET /v1/policies/{scope:regex(^fleet$)}/effective"] = (Look, "/v1/policies/fleet/effective", null),
        ["PUT /v1/policies/{scope:regex(^fleet$)}"] = (OperateHere, "/v1/policies/fleet", Policy),
        ["GET /v1/policies/{kind:regex(^(site|rack|host|deployment)$)}/{name}"] = (Look, "/v1/policies/deployment/walk", null),
        ["GET /v1/policies/{kind:regex(^(site|rack|host|deployment)$)}/{name}/versions"] = (Look, "/v1/policies/deployment/walk/versions", null),
        ["GET /v1/policies/{kind:regex(^(site|rack|host|deployment)$)}/{name}/diff"] = (Look, "/v1/policies/deployment/walk/diff?from=0&to=0", null),
        ["GET /v1/policies/{kind:regex(^(site|rack|host|deployment)$)}/{name}/effective"] = (Look, "/v1/policies/deployment/walk/effective", null),
        ["PUT /v1/policies/{kind:regex(^(site|rack|host|deployment)$)}/{name}"] = (OperateHere, "/v1/policies/deployment/walk", Policy),
        ["POST /v1/policies/{scope:regex(^fleet$)}/backtest"] = (Look, "/v1/policies/fleet/backtest", """{"document":{}}"""),
        ["GET /v1/policies/{scope:regex(^fleet$)}/rollouts"] = (Look, "/v1/policies/fleet/rollouts", null),
        ["POST /v1/policies/{scope:regex(^fleet$)}/rollouts"] = (OperateHere, "/v1/policies/fleet/rollouts", """{"document":{},"reason":"walk","share":7}"""),
        ["GET /v1/policies/{scope:regex(^fleet$)}/rollouts/{id:long:min(1)}"] = (Look, "/v1/policies/fleet/rollouts/1", null),
        ["POST /v1/policies/{scope:regex(^fleet$)}/rollouts/{id:long:min(1)}/{action:regex(^(pause|resume|share|promote|rollback)$)}"] = (OperateHere, "/v1/policies/fleet/rollouts/1/pause", "{}"),
        ["POST /v1/policies/{kind:regex(^(site|rack|host|deployment)$)}/{name}/backtest"] = (Look, "/v1/policies/deployment/walk/backtest", """{"document":{}}"""),
        ["GET /v1/policies/{kind:regex(^(site|rack|host|deployment)$)}/{name}/rollouts"] = (Look, "/v1/policies/deployment/walk/rollouts", null),
        ["POST /v1/policies/{kind:regex(^(site|rack|host|deployment)$)}/{name}/rollouts"] = (OperateHere, "/v1/policies/deployment/walk/rollouts", """{"document":{},"reason":"walk","share":7}"""),
        ["GET /v1/policies/{kind:regex(^(site|rack|host|deployment)$)}/{name}/rollouts/{id:long:min(1)}"] = (Look, "/v1/policies/deployment/walk/rollouts/1", null),
        ["POST /v1/policies/{kind:regex(^(site|rack|host|deployment)$)}/{name}/rollouts/{id:long:min(1)}/{action:regex(^(pause|resume|share|promote|rollback)$)}"] = (OperateHere, "/v1/policies/deployment/walk/rollouts/1/pause", "{}"),

        ["GET /v1/policies/proposals"] = (Look, "/v1/policies/proposals", null),
        ["GET /v1/policies/{scope:regex(^fleet$)}/proposals"] = (Look, "/v1/policies/fleet/proposals", null),
        ["GET /v1/policies/{scope:regex(^fleet$)}/proposals/{id:long:min(1)}"] = (Look, "/v1/policies/fleet/proposals/1", null),
        ["POST /v1/policies/{scope:regex(^fleet$)}/proposals/{id:long:min(1)}/{verdict:regex(^(approve|reject|withdraw)$)}"] = (OperateHere, "/v1/policies/fleet/proposals/1/approve", "{}"),
        ["GET /v1/policies/{kind:regex(^(site|rack|host|deployment)$)}/{name}/proposals"] = (Look, "/v1/policies/deployment/walk/proposals", null),
        ["GET /v1/policies/{kind:regex(^(site|rack|host|deployment)$)}/{name}/proposals/{id:long:min(1)}"] = (Look, "/v1/policies/deployment/walk/proposals/1", null),
        ["POST /v1/policies/{kind:regex(^(site|rack|host|deployment)$)}/{name}/proposals/{id:long:min(1)}/{verdict:regex(^(approve|reject|withdraw)$)}"] = (OperateHere, "/v1/policies/deployment/walk/proposals/1/approve", "{}"),
        ["GET /v1/alerts"] = (Look, "/v1/alerts", null),
        ["GET /v1/alerts/signals"] = (Look, "/v1/alerts/signals", null),
        ["GET /v1/alerts/rules"] = (Look, "/v1/alerts/rules", null),
        ["GET /v1/alerts/rules/{name}"] = (Look, "/v1/alerts/rules/agent-gone", null),
        ["GET /v1/alerts/rules/{name}/things"] = (Look, "/v1/alerts/rules/agent-gone/things", null),
        ["GET /v1/alerts/rules/{name}/versions"] = (Look, "/v1/alerts/rules/agent-gone/versions", null),
        ["PUT /v1/alerts/rules/{name}"] = (Administer, "/v1/alerts/rules/walk", """{"rule":{"name":"walk","signal":"nothing","threshold":1},"reason":"walk"}"""),
        ["DELETE /v1/alerts/rules/{name}"] = (Administer, "/v1/alerts/rules/walk", null),
        ["POST /v1/alerts/preview"] = (Look, "/v1/alerts/preview", """{"name":"walk","signal":"nothing","threshold":1}"""),
        ["GET /v1/alerts/history"] = (Look, "/v1/alerts/history", null),
        ["POST /v1/alerts/acknowledgements"] = (OperateOwn, "/v1/alerts/acknowledgements", """{"rule":"walk","instance":"host/walk","comment":"walk"}"""),
        ["GET /v1/alerts/silences"] = (Look, "/v1/alerts/silences", null),
        ["POST /v1/alerts/silences"] = (OperateOwn, "/v1/alerts/silences", "{}"),
        ["DELETE /v1/alerts/silences/{id:guid}"] = (OperateOwn, "/v1/alerts/silences/00000000-0000-0000-0000-000000000001", null),
        ["GET /v1/alerts/maintenance"] = (Look, "/v1/alerts/maintenance", null),
        ["PUT /v1/alerts/maintenance/{name}"] = (OperateOwn, "/v1/alerts/maintenance/walk", "{}"),
        ["DELETE /v1/alerts/maintenance/{name}"] = (OperateOwn, "/v1/alerts/maintenance/walk", null),
        ["GET /v1/alerts/contact-points"] = (Administer, "/v1/alerts/contact-points", null),
        ["PUT /v1/alerts/contact-points/{name}"] = (Administer, "/v1/alerts/contact-points/walk", "{}"),
        ["DELETE /v1/alerts/contact-points/{name}"] = (Administer, "/v1/alerts/contact-points/walk", null),
        ["POST /v1/alerts/contact-points/{name}/test"] = (Administer, "/v1/alerts/contact-points/walk/test", null),
        ["GET /v1/alerts/deliveries"] = (Look, "/v1/alerts/deliveries", null),
        ["GET /v1/annotations"] = (Look, "/v1/annotations", null),

        ["POST /v1/runs"] = (Record, "/v1/runs", "{}"),
        ["POST /v1/runs/{id}/trials"] = (Record, "/v1/runs/00000000-0000-0000-0000-000000000001/trials", "{}"),
        ["POST /v1/runs/{id}/heartbeat"] = (Record, "/v1/runs/00000000-0000-0000-0000-000000000001/heartbeat", null),
        ["POST /v1/runs/{id}/finish"] = (Record, "/v1/runs/00000000-0000-0000-0000-000000000001/finish", "{}"),
        ["POST /v1/runs/import"] = (Record, "/v1/runs/import", "{}"),
        ["GET /v1/runs"] = (Look, "/v1/runs", null),
        ["GET /v1/runs/{id}"] = (Look, "/v1/runs/00000000-0000-0000-0000-000000000001", null),
        ["GET /v1/runs/{id}/receipt"] = (Look, "/v1/runs/00000000-0000-0000-0000-000000000001/receipt", null),
        ["GET /v1/runs/compare"] = (Look, "/v1/runs/compare?ids=", null),
        ["GET /v1/runs/export"] = (Look, "/v1/runs/export?format=csv", null),
        ["GET /v1/runs/fields"] = (Look, "/v1/runs/fields", null),

        ["GET /v1/keys"] = (Administer, "/v1/keys", null),
        ["POST /v1/keys"] = (Administer, "/v1/keys", "{}"),
        ["POST /v1/keys/{id}/rotate"] = (Administer, "/v1/keys/Ab12Cd34/rotate", null),
        ["DELETE /v1/keys/{id}"] = (Administer, "/v1/keys/Ab12Cd34", null),
        ["GET /v1/audit"] = (Administer, "/v1/audit", null),
        ["GET /v1/audit/export"] = (Administer, "/v1/audit/export", null),
        ["GET /v1/audit/verify"] = (Administer, "/v1/audit/verify", null),
        ["GET /v1/users"] = (Administer, "/v1/users", null),
        ["POST /v1/users"] = (Administer, "/v1/users", "{}"),
        ["PATCH /v1/users/{id:guid}"] = (Administer, "/v1/users/00000000-0000-0000-0000-000000000001", "{}"),
        ["DELETE /v1/users/{id:guid}"] = (Administer, "/v1/users/00000000-0000-0000-0000-000000000001", null),
        ["POST /v1/users/{id:guid}/invitation"] = (Administer, "/v1/users/00000000-0000-0000-0000-000000000001/invitation", null),
        ["GET /v1/users/{id:guid}/sessions"] = (Administer, "/v1/users/00000000-0000-0000-0000-000000000001/sessions", null),
        ["DELETE /v1/users/{id:guid}/sessions"] = (Administer, "/v1/users/00000000-0000-0000-0000-000000000001/sessions", null),
        ["DELETE /v1/users/{id:guid}/second-factor"] = (Administer, "/v1/users/00000000-0000-0000-0000-000000000001/second-factor", null),
    };

    /// <summary>Pages, for people by cookie: <c>n</c>, <c>v</c>, <c>o</c>, <c>b</c>, <c>a</c>.</summary>
    public static Dictionary<string, (string Who, string Address)> Pages { get; } = new()
    {
        ["/"] = (Look, "/"),
        ["/fleet"] = (Look, "/fleet"),
        ["/gpus"] = (Look, "/gpus"),
        ["/deployments"] = (Look, "/deployments"),
        ["/routers"] = (Look, "/routers"),
        ["/policies"] = (Look, "/policies"),
        ["/alerts"] = (Look, "/alerts"),
        ["/runs"] = (Look, "/runs"),
        ["/runs/compare"] = (Look, "/runs/compare"),
        ["/runs/{Id}"] = (Look, "/runs/run"),
        ["/missing"] = (Look, "/missing"),
        ["/access"] = (Administer, "/access"),
        ["/audit"] = (Administer, "/audit"),
        ["/account"] = (Look, "/account"),
        ["/no-entry"] = (Look, "/no-entry"),
        ["/sign-in"] = ("nvoba", "/sign-in"),
        ["/sign-in/second"] = ("nvoba", "/sign-in/second"),
        ["/setup"] = ("nvoba", "/setup"),
        ["/join"] = ("nvoba", "/join"),
    };

    /// <summary>Endpoints that are no calls of ours: assets, and the circuit's own transport, which asks for the page's rights.</summary>
    public static bool IsFramework(string pattern) =>
        pattern.StartsWith("/_", StringComparison.Ordinal) || pattern.StartsWith("/_content", StringComparison.Ordinal) || pattern.Contains("_framework", StringComparison.Ordinal) || pattern.StartsWith("/{**path", StringComparison.Ordinal);
}
