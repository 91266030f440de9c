using EnergyTTT.History.Access;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Routing;

namespace EnergyTTT.Portal.Access;

/// <summary>What a browser needs before it can make or use a passkey: options with a fresh challenge. The answers come back by the forms of the pages.</summary>
internal static class PasskeyEndpoints
{
    public static void MapPasskeys(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/account/passkeys/options", ForNew).RequireAuthorization(AccessPolicies.Person).ExcludeFromDescription();
        routes.MapPost("/sign-in/passkey/options", ForSignIn).AllowAnonymous().ExcludeFromDescription();
    }

    private static async Task<IResult> ForNew(HttpContext context, IAntiforgery antiforgery, UserManager<Person> people, SignInManager<Person> door)
    {
        if (!await antiforgery.IsRequestValidAsync(context) || await people.GetUserAsync(context.User) is not { UserName: { } name } person)
        {
            return TypedResults.BadRequest();
        }

        return TypedResults.Content(
            await door.MakePasskeyCreationOptionsAsync(new PasskeyUserEntity { Id = person.Id.ToString(), Name = name, DisplayName = person.DisplayName ?? name }), "application/json");
    }

    // The same for everybody: no name is asked for, so none can be tried.
    private static async Task<IResult> ForSignIn(HttpContext context, IAntiforgery antiforgery, SignInManager<Person> door) =>
        await antiforgery.IsRequestValidAsync(context) ? TypedResults.Content(await door.MakePasskeyRequestOptionsAsync(null), "application/json") : TypedResults.BadRequest();
}
