using System.Globalization;
using EnergyTTT.History.Access;
using EnergyTTT.Portal.Access;
using EnergyTTT.Silo.Access;
using EnergyTTT.Silo.Problems;

namespace EnergyTTT.Silo.Users;

/// <summary><c>/v1/users</c>: people, their roles, sessions and second factors, for administrators.</summary>
internal static class UserEndpoints
{
    private const int MostLimit = 1_000;
    private const string ProblemJson = "application/problem+json";

    /// <summary>Maps the endpoints.</summary>
    public static void MapUsers(this IEndpointRouteBuilder routes)
    {
        var users = routes.MapGroup("/v1/users").RequireAuthorization(Policies.Administer).WithTags("Access");
        users.MapGet("", List).WithName("ListUsers").WithSummary("People by user name").Produces<UserPage>().Produces<Problem>(400, ProblemJson);
        users.MapPost("", Create).WithName("CreateUser").WithSummary("Makes an account: with a password, or without one and with a one-time invitation").Produces<User>(201).Produces<Problem>(400, ProblemJson).Produces<Problem>(409, ProblemJson);
        users.MapPatch("/{id:guid}", Change).WithName("ChangeUser").WithSummary("Changes role, scopes or password, disables or enables; sessions end within half a minute").Produces<User>().Produces<Problem>(400, ProblemJson).Produces<Problem>(404, ProblemJson).Produces<Problem>(409, ProblemJson);
        users.MapDelete("/{id:guid}", Remove).WithName("RemoveUser").WithSummary("Removes a person; sessions end within half a minute").Produces(204).Produces<Problem>(404, ProblemJson).Produces<Problem>(409, ProblemJson);
        users.MapPost("/{id:guid}/invitation", Invite).WithName("InviteUser").WithSummary("Makes a one-time link with which the person chooses a password").Produces<Invitation>(201).Produces<Problem>(404, ProblemJson);
        users.MapGet("/{id:guid}/sessions", ListSessions).WithName("ListUserSessions").WithSummary("Live sessions of a person, newest first").Produces<UserSessions>().Produces<Problem>(404, ProblemJson);
        users.MapDelete("/{id:guid}/sessions", EndSessions).WithName("EndUserSessions").WithSummary("Ends all sessions of a person, live pages too, within half a minute").Produces(204).Produces<Problem>(404, ProblemJson);
        users.MapDelete("/{id:guid}/second-factor", ResetSecondFactor).WithName("ResetSecondFactor").WithSummary("Forgets authenticator, recovery codes and passkeys of a person who lost them").Produces(204).Produces<Problem>(404, ProblemJson);
    }

    private static async Task<IResult> List(string? cursor, int? limit, Sessions sessions, CancellationToken cancellationToken)
    {
        var size = limit ?? 100;
        if (size is < 1 or > MostLimit)
        {
            return new Problem(400, "invalid_limit", "The limit is out of its range.", string.Create(CultureInfo.InvariantCulture, $"limit is {size}; 1 to {MostLimit} expected.")).ToResult();
        }

        // People are few: all are read, and the page is cut out of them.
        var all = await sessions.People(cancellationToken);
        List<PersonInfo> rows = [.. (cursor is null ? all : all.SkipWhile(person => person.UserName != cursor).Skip(1)).Take(size + 1)];
        return TypedResults.Json(new UserPage([.. rows.Take(size).Select(Show)], rows.Count > size ? rows[size - 1].UserName : null), UserJson.Default.UserPage);
    }

    private static async Task<IResult> Create(NewUser wanted, HttpContext context, PeopleKeeper people, Sessions sessions)
    {
        var made = await people.Create(wanted.UserName, wanted.DisplayName, wanted.Role, wanted.Scopes, wanted.Password, context.RequestAborted);
        return made.Code is not null ? Refused(made) : TypedResults.Json(await One(made, context, sessions), UserJson.Default.User, statusCode: 201);
    }

    private static async Task<IResult> Change(Guid id, UserChange wanted, HttpContext context, PeopleKeeper people, Sessions sessions)
    {
        var changed = await people.Change(id, new PersonChange(wanted.Role, wanted.Scopes, wanted.Password, wanted.Locked), context.RequestAborted);
        return changed.Code is not null ? Refused(changed) : TypedResults.Json(await One(changed, context, sessions), UserJson.Default.User);
    }

    private static async Task<IResult> Remove(Guid id, PeopleKeeper people, CancellationToken cancellationToken) => Empty(await people.Remove(id, cancellationToken));

    private static async Task<IResult> EndSessions(Guid id, PeopleKeeper people, CancellationToken cancellationToken) => Empty(await people.EndSessions(id, cancellationToken));

    private static async Task<IResult> ResetSecondFactor(Guid id, PeopleKeeper people, CancellationToken cancellationToken) => Empty(await people.ResetSecondFactor(id, cancellationToken));

    private static async Task<IResult> Invite(Guid id, HttpContext context, PeopleKeeper people)
    {
        var invited = await people.Invite(id, context.RequestAborted);
        return invited.Code is not null ? Refused(invited) : TypedResults.Json(new Invitation(Link(context, invited.Token)!), UserJson.Default.Invitation, statusCode: 201); // made just now
    }

    private static async Task<IResult> ListSessions(Guid id, Sessions sessions, CancellationToken cancellationToken) =>
        (await sessions.People(cancellationToken)).Any(person => person.Id == id)
            ? TypedResults.Json(new UserSessions(await sessions.List(id, cancellationToken)), UserJson.Default.UserSessions)
            : Refused(PersonDecision.Refused("user_unknown", $"Nobody has the id {id}."));

    private static async Task<User> One(PersonDecision decision, HttpContext context, Sessions sessions) =>
        Show((await sessions.People(context.RequestAborted)).First(person => person.Id == decision.Person!.Id)) with { Invitation = Link(context, decision.Token) }; // done, so there is one

    // Behind the number sign: browsers do not send that part, so the token stands in no server's log.
    private static string? Link(HttpContext context, string? token) => token is null ? null : $"{context.Request.Scheme}://{context.Request.Host}/join#{token}";

    private static User Show(PersonInfo person) => new(
        person.Id, person.UserName, person.DisplayName, person.Role, person.Scopes, person.Created, person.HasAuthenticator, person.Passkeys, person.LockedUntil, person.Sessions, person.LastSeen, person.InvitedUntil);

    private static IResult Empty(PersonDecision decision) => decision.Code is null ? TypedResults.NoContent() : Refused(decision);

    private static IResult Refused(PersonDecision decision) => (decision.Code switch
    {
        "user_unknown" => new Problem(404, "user_unknown", "There is no such person.", decision.Fault),
        "user_exists" => new Problem(409, "user_exists", "There is such a person.", decision.Fault),
        "last_administrator" => new Problem(409, "last_administrator", "Nobody would be left to manage people.", decision.Fault),
        "invalid_role" => new Problem(400, "invalid_role", "The role is none.", decision.Fault),
        "invalid_scope" => new Problem(400, "invalid_scope", "That is no scope.", decision.Fault),
        _ => new Problem(400, "invalid_user", "The account cannot be as wanted.", decision.Fault),
    }).ToResult();
}
