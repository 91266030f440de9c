using EnergyTTT.History.Access;
using EnergyTTT.Silo.Access;
using EnergyTTT.Silo.Problems;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace EnergyTTT.Silo.Users;

/// <summary><c>/v1/users</c>: people and their roles, for administrators.</summary>
internal static class UserEndpoints
{
    private const int MostLimit = 1_000;
    private const string ProblemJson = "application/problem+json";

    /// <summary>Maps the endpoints.</summary>
    public static void MapUsers(this IEndpointRouteBuilder routes)
    {
        var users = routes.MapGroup("/v1/users").RequireAuthorization(Policies.Administer).WithTags("Access");
        users.MapGet("", List).WithName("ListUsers").WithSummary("People by user name").Produces<UserPage>().Produces<Problem>(400, ProblemJson);
        users.MapPost("", Create).WithName("CreateUser").WithSummary("Makes an account").Produces<User>(201).Produces<Problem>(400, ProblemJson).Produces<Problem>(409, ProblemJson);
        users.MapPatch("/{id:guid}", Change).WithName("ChangeUser").WithSummary("Changes role or password, locks or unlocks; sessions end within half a minute").Produces<User>().Produces<Problem>(400, ProblemJson).Produces<Problem>(404, ProblemJson).Produces<Problem>(409, ProblemJson);
        users.MapDelete("/{id:guid}", Remove).WithName("RemoveUser").WithSummary("Removes a person; sessions end within half a minute").Produces(204).Produces<Problem>(404, ProblemJson).Produces<Problem>(409, ProblemJson);
    }

    private static async Task<IResult> List(string? cursor, int? limit, AccessDbContext access, CancellationToken cancellationToken)
    {
        var size = limit ?? 100;
        if (size is < 1 or > MostLimit)
        {
            return new Problem(400, "invalid_limit", "The limit is out of its range.", $"limit is {size}; 1 to {MostLimit} expected.").ToResult();
        }

        // People are few: all are read, and the page is cut out of them.
        var all = await access.Users.AsNoTracking().OrderBy(person => person.NormalizedUserName).ToListAsync(cancellationToken);
        List<Person> rows = [.. (cursor is null ? all : all.SkipWhile(person => person.UserName != cursor).Skip(1)).Take(size + 1)];
        var ids = rows.Select(row => row.Id).ToList();
        var roles = (await access.UserRoles.Where(link => ids.Contains(link.UserId))
                .Join(access.Roles, link => link.RoleId, role => role.Id, (link, role) => new { link.UserId, role.Name })
                .ToListAsync(cancellationToken))
            .GroupBy(link => link.UserId)
            .ToDictionary(links => links.Key, links => links.First().Name);
        List<User> page = [.. rows.Take(size).Select(row => Show(row, roles.GetValueOrDefault(row.Id)))];
        return TypedResults.Json(new UserPage(page, rows.Count > size ? page[^1].UserName : null), UserJson.Default.UserPage);
    }

    private static async Task<IResult> Create(NewUser wanted, UserManager<Person> people, TimeProvider time)
    {
        if (!IsRole(wanted.Role))
        {
            return NoRole(wanted.Role);
        }

        var person = new Person { UserName = wanted.UserName, DisplayName = wanted.DisplayName, Created = time.GetUtcNow(), LockoutEnabled = true };
        var made = await people.CreateAsync(person, wanted.Password ?? "");
        if (!made.Succeeded)
        {
            return made.Errors.Any(error => error.Code == nameof(IdentityErrorDescriber.DuplicateUserName))
                ? new Problem(409, "user_exists", "There is such a person.", $"The user name '{wanted.UserName}' is taken.").ToResult()
                : Refused(made);
        }

        var promoted = await people.AddToRoleAsync(person, wanted.Role!); // the check above wants a role
        if (!promoted.Succeeded)
        {
            await people.DeleteAsync(person);
            return Refused(promoted);
        }

        return TypedResults.Json(Show(person, wanted.Role), UserJson.Default.User, statusCode: 201);
    }

    private static async Task<IResult> Change(Guid id, UserChange wanted, UserManager<Person> people, TimeProvider time)
    {
        if (await people.FindByIdAsync(id.ToString()) is not { } person)
        {
            return Unknown(id);
        }

        if (wanted.Role is not null && !IsRole(wanted.Role))
        {
            return NoRole(wanted.Role);
        }

        var losesPower = (wanted.Role ?? PersonRoles.Administrator) != PersonRoles.Administrator || wanted.Locked == true;
        if (losesPower && await IsLastAdministrator(people, person, time))
        {
            return Last();
        }

        if (wanted.Password is { } password)
        {
            var reset = await people.ResetPasswordAsync(person, await people.GeneratePasswordResetTokenAsync(person), password);
            if (!reset.Succeeded)
            {
                return Refused(reset);
            }
        }

        if (wanted.Role is { } role && !await people.IsInRoleAsync(person, role))
        {
            foreach (var old in await people.GetRolesAsync(person))
            {
                await people.RemoveFromRoleAsync(person, old);
            }

            await people.AddToRoleAsync(person, role);
        }

        if (wanted.Locked is { } locked)
        {
            await people.SetLockoutEndDateAsync(person, locked ? DateTimeOffset.MaxValue : null);
        }

        // Cookies and circuits carry the stamp: the old ones end.
        await people.UpdateSecurityStampAsync(person);
        return TypedResults.Json(Show(person, (await people.GetRolesAsync(person)).FirstOrDefault()), UserJson.Default.User);
    }

    private static async Task<IResult> Remove(Guid id, UserManager<Person> people, TimeProvider time)
    {
        if (await people.FindByIdAsync(id.ToString()) is not { } person)
        {
            return Unknown(id);
        }

        if (await IsLastAdministrator(people, person, time))
        {
            return Last();
        }

        var removed = await people.DeleteAsync(person);
        return removed.Succeeded ? TypedResults.NoContent() : Refused(removed);
    }

    /// <summary>Whether nobody could manage people any more without this person.</summary>
    private static async Task<bool> IsLastAdministrator(UserManager<Person> people, Person person, TimeProvider time)
    {
        var now = time.GetUtcNow();
        var able = (await people.GetUsersInRoleAsync(PersonRoles.Administrator)).Where(it => it.LockoutEnd is null || it.LockoutEnd < now.AddDays(1)).ToList();
        return able.Count == 1 && able[0].Id == person.Id;
    }

    private static bool IsRole(string? role) => role is PersonRoles.Viewer or PersonRoles.Operator or PersonRoles.Administrator;

    private static User Show(Person person, string? role) =>
        new(person.Id, person.UserName ?? "", person.DisplayName, role, person.Created, person.TwoFactorEnabled, person.LockoutEnd);

    private static IResult NoRole(string? role) => new Problem(400, "invalid_role", "The role is none.", $"role is '{role}'; viewer, operator or administrator expected.").ToResult();

    private static IResult Unknown(Guid id) => new Problem(404, "user_unknown", "There is no such person.", $"Nobody has the id {id}.").ToResult();

    private static IResult Last() => new Problem(409, "last_administrator", "Nobody would be left to manage people.", "Make another administrator first.").ToResult();

    private static IResult Refused(IdentityResult result) =>
        new Problem(400, "invalid_user", "The account cannot be as wanted.", string.Join(" ", result.Errors.Select(error => error.Description))).ToResult();
}
