using System.ComponentModel.DataAnnotations;
using EnergyTTT.History.Access;
using EnergyTTT.Portal.Access;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Logging;

namespace EnergyTTT.Portal.Components.Pages.Access;

/// <summary>The first run: whoever holds the set-up token becomes the first administrator. Afterwards the page leads to the sign-in.</summary>
public partial class SetupPage
{
    private List<string> _problems = [];

    /// <summary>Makes the administrator.</summary>
    [Inject] public required FirstAdministrator First { get; set; }

    /// <summary>The people.</summary>
    [Inject] public required UserManager<Person> People { get; set; }

    /// <summary>The door.</summary>
    [Inject] public required SignInManager<Person> Door { get; set; }

    /// <summary>Where to go next.</summary>
    [Inject] public required NavigationManager Navigation { get; set; }

    /// <summary>The log.</summary>
    [Inject] public required ILogger<SetupPage> Logger { get; set; }

    [SupplyParameterFromForm(Name = "Input", FormName = "setup")] private Administrator? Posted { get; set; }

    [CascadingParameter] private HttpContext? Request { get; set; }

    private Administrator Input { get; set; } = new();

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        Input = Posted ?? Input;
        if (Posted is null && !await First.IsWanted(Request?.RequestAborted ?? default))
        {
            Navigation.NavigateTo("/sign-in");
        }
    }

    private async Task Create()
    {
        var result = await First.Create(Input.Token, Input.UserName.Trim(), Input.Password, Request?.RequestAborted ?? default);
        if (!result.Succeeded)
        {
            _problems = [.. result.Errors.Select(error => error.Description)];
            return;
        }

        SetUp(Logger, Input.UserName.Trim());
        var person = await People.FindByNameAsync(Input.UserName.Trim()) ?? throw new InvalidOperationException("the person that was just created is gone");
        await Door.SignInAsync(person, isPersistent: false);
        Navigation.NavigateTo("/");
    }

    [LoggerMessage(LogLevel.Information, "{UserName} became the first administrator; the set-up token is spent")]
    private static partial void SetUp(ILogger logger, string userName);

    /// <summary>What the form asks for.</summary>
    public sealed class Administrator
    {
        /// <summary>The token that the server printed.</summary>
        [Required(ErrorMessage = "Enter the set-up token that the server printed.")]
        public string Token { get; set; } = "";

        /// <summary>The user name.</summary>
        [Required(ErrorMessage = "Choose a user name.")]
        [StringLength(64, MinimumLength = 2, ErrorMessage = "A user name has 2 to 64 characters.")]
        public string UserName { get; set; } = "";

        /// <summary>The password.</summary>
        [Required(ErrorMessage = "Choose a password.")]
        [StringLength(256, MinimumLength = 12, ErrorMessage = "A password has at least 12 characters.")]
        public string Password { get; set; } = "";

        /// <summary>The password again.</summary>
        [Compare(nameof(Password), ErrorMessage = "The two passwords differ.")]
        public string Repeat { get; set; } = "";
    }
}
