using EnergyTTT.History.Access;
using Microsoft.AspNetCore.Identity;

namespace EnergyTTT.Portal.Access;

/// <summary>
/// Refuses passwords that length alone does not save: those that contain the person's or the product's name, that repeat a few
/// characters, or that walk along the keyboard or the alphabet. No rules of composition: any characters will do.
/// </summary>
public sealed class WeakPasswords : IPasswordValidator<Person>
{
    private const int LeastDistinct = 6;

    private static readonly string[] Walks =
    [
        "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm", "01234567890123456789", "09876543210987654321", "1qaz2wsx3edc4rfv5tgb6yhn",
        "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0", "qazwsxedcrfvtgbyhnujm", "asdfghjkl;zxcvbnm,./",
    ];

    private static readonly string[] Common = ["password", "passwort", "administrator", "letmein", "welcome", "iloveyou", "changeme", "energyttt"];

    /// <inheritdoc/>
    public Task<IdentityResult> ValidateAsync(UserManager<Person> manager, Person user, string? password)
    {
        ArgumentNullException.ThrowIfNull(user);
        return Task.FromResult(Why(password ?? "", user.UserName) is { } reason
            ? IdentityResult.Failed(new IdentityError { Code = "weak-password", Description = reason })
            : IdentityResult.Success);
    }

    /// <summary>Why the password is weak, or null when it is not.</summary>
    public static string? Why(string password, string? userName)
    {
        ArgumentNullException.ThrowIfNull(password);
        var plain = password.ToLowerInvariant();
        if (userName is { Length: >= 3 } && plain.Contains(userName.ToLowerInvariant(), StringComparison.Ordinal))
        {
            return "The password contains the user name. Choose one that does not.";
        }

        if (plain.Distinct().Count() < LeastDistinct)
        {
            return $"The password repeats a few characters. Use at least {LeastDistinct} different ones.";
        }

        // What remains beside a common word must carry the length by itself.
        var rest = Common.Aggregate(plain, (text, word) => text.Replace(word, "", StringComparison.Ordinal));
        if (rest.Length < plain.Length && rest.Length < 8)
        {
            return "The password is a common word with a little added. Choose something less known, such as four unrelated words.";
        }

        return Walks.Any(walk => Longest(plain, walk) * 2 > plain.Length) ? "The password walks along the keyboard or the alphabet. Choose something less regular." : null;
    }

    private static int Longest(string text, string walk)
    {
        var longest = 0;
        for (var start = 0; start < text.Length; start++)
        {
            var length = longest + 1;
            while (start + length <= text.Length && walk.Contains(text.Substring(start, length), StringComparison.Ordinal))
            {
                longest = length++;
            }
        }

        return longest;
    }
}
