using System.ComponentModel.DataAnnotations;
using EnergyTTT.History.Access;
using EnergyTTT.Portal.Access;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Logging;

namespace EnergyTTT.Portal.Components.Pages.Access;

/// <summary>
/// Signs a person in, by password (and code, where there is an authenticator) or by passkey. Five wrong passwords let the account rest for five
/// minutes; neither the words nor the time of an answer tell whether a name exists.
/// </summary>
public partial class SignInPage
{
    private string? _problem;

    /// <summary>The door.</summary>
    [Inject] public required SignInManager<Person> Door { get; set; }

    /// <summary>The people.</summary>
    [Inject] public required UserManager<Person> People { get; set; }

    /// <summary>Spends the time of a comparison where there is nothing to compare.</summary>
    [Inject] public required SlowAnswers Slow { get; set; }

    /// <summary>Whether anybody can sign in at all yet.</summary>
    [Inject] public required FirstAdministrator First { get; set; }

    /// <summary>Where to go next.</summary>
    [Inject] public required NavigationManager Navigation { get; set; }

    /// <summary>The log.</summary>
    [Inject] public required ILogger<SignInPage> Logger { get; set; }

    /// <summary>Where the person was going.</summary>
    [SupplyParameterFromQuery(Name = "return")] public string? Return { get; set; }

    /// <summary>Why the way by the provider ended here.</summary>
    [SupplyParameterFromQuery(Name = "problem")] public string? Problem { get; set; }

    /// <summary>Whether there is an identity provider.</summary>
    [Inject] public required OpenIdSettings OpenId { get; set; }

    [SupplyParameterFromForm(Name = "Input", FormName = "sign-in")] private Credentials? Posted { get; set; }

    [SupplyParameterFromForm(FormName = "passkey")] private string? Credential { get; set; }

    [CascadingParameter] private HttpContext? Request { get; set; }

    private Credentials Input { get; set; } = new();

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        Input = Posted ?? Input;
        _problem = Posted is not null ? null : Problem switch
        {
            "provider" => $"{OpenId.Name} did not let you in. Try again, or ask an administrator.",
            "group" => $"You are known at {OpenId.Name}, but none of your groups may use EnergyTTT. Ask an administrator.",
            "name" => "An account of your name exists here already. Ask an administrator to remove or rename it.",
            "disabled" => "Your account here is disabled. Ask an administrator.",
            _ => null,
        };
        if (Posted is not null || HttpMethods.IsPost(Request?.Request.Method ?? ""))
        {
            return;
        }

        if (Request?.User.Identity?.IsAuthenticated == true)
        {
            Navigation.NavigateTo(LocalAddress.Of(Return));
        }
        else if (await First.IsWanted(Request?.RequestAborted ?? default))
        {
            Navigation.NavigateTo("/setup");
        }
    }

    private async Task SignIn()
    {
        var name = Input.UserName.Trim();
        var person = await People.FindByNameAsync(name);
        if (person?.PasswordHash is null || await People.IsLockedOutAsync(person))
        {
            Slow.Spend(Input.Password);
        }

        var result = await Door.PasswordSignInAsync(name, Input.Password, Input.Stay, lockoutOnFailure: true);
        if (result.RequiresTwoFactor)
        {
            Navigation.NavigateTo($"/sign-in/second?stay={(Input.Stay ? "1" : "0")}&return={Uri.EscapeDataString(LocalAddress.Of(Return))}");
            return;
        }

        if (result.Succeeded)
        {
            SignedIn(Logger, name);
            Navigation.NavigateTo(LocalAddress.Of(Return));
            return;
        }

        Refused(Logger, result.IsLockedOut);
        _problem = "User name or password is wrong. After five wrong passwords an account rests for five minutes.";
        Input.Password = "";
    }

    private async Task UsePasskey()
    {
        Request!.Items[SessionCookie.MethodItem] = "passkey"; // a posted form has a request
        var result = string.IsNullOrEmpty(Credential) ? SignInResult.Failed : await Door.PasskeySignInAsync(Credential);
        if (result.Succeeded)
        {
            Navigation.NavigateTo(LocalAddress.Of(Return));
            return;
        }

        Refused(Logger, result.IsLockedOut);
        _problem = "This passkey is not known here.";
    }

    [LoggerMessage(LogLevel.Information, "{UserName} signed in")]
    private static partial void SignedIn(ILogger logger, string userName);

    [LoggerMessage(LogLevel.Information, "A sign-in was refused (locked out: {LockedOut})")]
    private static partial void Refused(ILogger logger, bool lockedOut);

    /// <summary>What the form asks for.</summary>
    public sealed class Credentials
    {
        /// <summary>The user name.</summary>
        [Required(ErrorMessage = "Enter your user name.")]
        public string UserName { get; set; } = "";

        /// <summary>The password.</summary>
        [Required(ErrorMessage = "Enter your password.")]
        public string Password { get; set; } = "";

        /// <summary>Whether the cookie outlives the browser.</summary>
        public bool Stay { get; set; }
    }
}
