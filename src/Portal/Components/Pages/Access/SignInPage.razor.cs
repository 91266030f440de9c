using System.ComponentModel.DataAnnotations;
using EnergyTTT.History.Access;
using EnergyTTT.Portal.Access;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Logging;

namespace EnergyTTT.Portal.Components.Pages.Access;

/// <summary>Signs a person in. Five wrong passwords lock the account for five minutes; the answer never tells whether a name exists.</summary>
public partial class SignInPage
{
    private string? _problem;

    /// <summary>The door.</summary>
    [Inject] public required SignInManager<Person> Door { get; set; }

    /// <summary>Whether anybody can sign in at all yet.</summary>
    [Inject] public required FirstAdministrator First { get; set; }

    /// <summary>Where to go next.</summary>
    [Inject] public required NavigationManager Navigation { get; set; }

    /// <summary>The log.</summary>
    [Inject] public required ILogger<SignInPage> Logger { get; set; }

    /// <summary>Where the person was going.</summary>
    [SupplyParameterFromQuery(Name = "return")] public string? Return { get; set; }

    [SupplyParameterFromForm(Name = "Input", FormName = "sign-in")] private Credentials? Posted { get; set; }

    [CascadingParameter] private HttpContext? Request { get; set; }

    private Credentials Input { get; set; } = new();

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        Input = Posted ?? Input;
        if (Posted is not null)
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
        var result = await Door.PasswordSignInAsync(Input.UserName.Trim(), Input.Password, Input.Stay, lockoutOnFailure: true);
        if (result.Succeeded)
        {
            SignedIn(Logger, Input.UserName.Trim());
            Navigation.NavigateTo(LocalAddress.Of(Return));
            return;
        }

        Refused(Logger, result.IsLockedOut);
        _problem = result.IsLockedOut
            ? "Too many wrong passwords. Wait five minutes and try again, or ask an administrator."
            : "User name or password is wrong.";
        Input.Password = "";
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
