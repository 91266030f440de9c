using System.ComponentModel.DataAnnotations;
using EnergyTTT.History.Access;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Logging;

namespace EnergyTTT.Portal.Components.Pages.Access;

/// <summary>A person's own account: who they are, sign-out, and another password.</summary>
public partial class AccountPage
{
    private List<string> _problems = [];
    private IList<string> _roles = [];
    private string _name = "";
    private bool _done;

    /// <summary>The people.</summary>
    [Inject] public required UserManager<Person> People { get; set; }

    /// <summary>The door.</summary>
    [Inject] public required SignInManager<Person> Door { get; set; }

    /// <summary>Where to go next.</summary>
    [Inject] public required NavigationManager Navigation { get; set; }

    /// <summary>The log.</summary>
    [Inject] public required ILogger<AccountPage> Logger { get; set; }

    [SupplyParameterFromForm(Name = "Input", FormName = "password")] private NewPassword? Posted { get; set; }

    [CascadingParameter] private HttpContext? Request { get; set; }

    private NewPassword Input { get; set; } = new();

    private Person? Self { get; set; }

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        Input = Posted ?? Input;
        Self = Request is null ? null : await People.GetUserAsync(Request.User);
        if (Self is not null)
        {
            _name = Self.UserName ?? "";
            _roles = await People.GetRolesAsync(Self);
        }
    }

    private async Task Change()
    {
        if (Self is null)
        {
            return;
        }

        var result = await People.ChangePasswordAsync(Self, Input.Current, Input.Password);
        if (!result.Succeeded)
        {
            _problems = [.. result.Errors.Select(error => error.Code == "PasswordMismatch" ? "The current password is wrong." : error.Description)];
            return;
        }

        // This session goes on under the new security stamp; all others end when theirs is looked at.
        await Door.RefreshSignInAsync(Self);
        PasswordChanged(Logger, Self.Id);
        _done = true;
        Input = new();
    }

    private async Task SignOut()
    {
        await Door.SignOutAsync();
        Navigation.NavigateTo("/sign-in");
    }

    [LoggerMessage(LogLevel.Information, "Person {Person} changed the password")]
    private static partial void PasswordChanged(ILogger logger, Guid person);

    /// <summary>What the form asks for.</summary>
    public sealed class NewPassword
    {
        /// <summary>The password so far.</summary>
        [Required(ErrorMessage = "Enter your current password.")]
        public string Current { get; set; } = "";

        /// <summary>The password from now on.</summary>
        [Required(ErrorMessage = "Choose a password.")]
        [StringLength(256, MinimumLength = 12, ErrorMessage = "A password has at least 12 characters.")]
        public string Password { get; set; } = "";

        /// <summary>The password again.</summary>
        [Compare(nameof(Password), ErrorMessage = "The two passwords differ.")]
        public string Repeat { get; set; } = "";
    }
}
